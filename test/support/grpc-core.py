"""gRPC core as a runtime and as a client of CRI; it knows messages as bytes only.

server SOCKET VERSION: VERSION is a VersionResponse in hex. ExecSync is answered with the bytes of its request, StopContainer with an
error of 300 kB; all else is not implemented. Prints a line when it serves.
client SOCKET: each line of stdin is a gRPC path and the size of a field 2 to send, in bytes; each line of stdout has the code of the
answer, its size in bytes, and the size of the error's text.
"""
import sys
from concurrent import futures

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Runtime(grpc.GenericRpcHandler):
    def __init__(self, version):
        self.version = version

    def service(self, call):
        method = call.method.rsplit("/", 1)[1]
        if method == "Version":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: self.version)
        if method == "ExecSync":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request)
        if method == "StopContainer":
            return grpc.unary_unary_rpc_method_handler(fail)
        return None


def fail(_request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "it failed: " + "x" * 300_000)


def serve(socket, version):
    server = grpc.server(futures.ThreadPoolExecutor(4), options=OPTIONS)
    server.add_generic_rpc_handlers((Runtime(bytes.fromhex(version)),))
    server.add_insecure_port("unix:" + socket)
    server.start()
    print("serving", flush=True)
    server.wait_for_termination()


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def ask(socket):
    channel = grpc.insecure_channel("unix:" + socket, options=OPTIONS)
    for line in sys.stdin:
        path, size = line.split()
        request = b"\x0a\x01c\x12" + varint(int(size)) + b"x" * int(size)
        try:
            answer = channel.unary_unary(path)(request, timeout=60)
            print("OK", len(answer), 0, flush=True)
        except grpc.RpcError as error:
            print(error.code().name, 0, len(error.details()), flush=True)


if sys.argv[1] == "server":
    serve(sys.argv[2], sys.argv[3])
else:
    ask(sys.argv[2])
