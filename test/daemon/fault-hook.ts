import { ClientCall } from '../../src/transport/grpc/client/client-call.ts';
import { parseHead } from '../../src/transport/grpc/message-head.ts';
import { ServerCall } from '../../src/transport/grpc/server/server-call.ts';

/**
 * Loaded into the program before it starts: a fault of its code where the metadata `x-fault` of a call say, and an exception or a
 * rejection that nothing catches at SIGUSR2.
 */
const { onHeaders } = ServerCall.prototype;
ServerCall.prototype.onHeaders = function (list, end) {
  if (parseHead(list).metadata.some(([name, value]) => name === 'x-fault' && value === 'client')) throw fault();
  onHeaders.call(this, list, end);
};

const { onTrailers } = ClientCall.prototype;
ClientCall.prototype.onTrailers = function (list) {
  if (this.options.metadata.some(([name, value]) => name === 'x-fault' && value === 'runtime')) throw fault();
  onTrailers.call(this, list);
};

process.on('SIGUSR2', () => {
  if (process.env['UNCAUGHT'] === 'rejection') void Promise.reject(fault());
  else throw fault();
});

function fault(): Error {
  return new TypeError('an injected fault');
}
