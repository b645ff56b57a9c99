// The least work that a proxy on grpc-go can do, `relay LISTEN PRIMARY OTHER ID`: two unary hops. It decodes no message: a call goes
// to OTHER if its request has the bytes ID in it, lists are the bytes of both, anything else goes to PRIMARY.
package main

import (
	"bytes"
	"context"
	"log"
	"net"
	"os"
	"path"

	"google.golang.org/grpc"
)

var lists = map[string]bool{"ListContainers": true, "ListPodSandbox": true, "ListContainerStats": true, "ListImages": true}

type relay struct {
	primary, other *grpc.ClientConn
	id             []byte
}

func main() {
	listen, id := os.Args[1], []byte(os.Args[4])
	primary, err := connect(os.Args[2], 0)
	if err != nil {
		log.Fatal(err)
	}
	other, err := connect(os.Args[3], 0)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", listen)
	if err != nil {
		log.Fatal(err)
	}
	relay := relay{primary, other, id}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageSize), grpc.MaxSendMsgSize(maxMessageSize),
		grpc.UnknownServiceHandler(relay.handle))
	log.Fatal(server.Serve(listener))
}

func (r *relay) handle(_ interface{}, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	request := &message{}
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	if path.Base(method) == "GetContainerEvents" {
		return r.follow(stream, method, request)
	}
	answer, err := r.ask(stream.Context(), method, request)
	if err != nil {
		return err
	}
	return stream.SendMsg(answer)
}

func (r *relay) ask(ctx context.Context, method string, request *message) (*message, error) {
	if lists[path.Base(method)] {
		return r.join(ctx, method, request)
	}
	runtime := r.primary
	if bytes.Contains(request.octets, r.id) {
		runtime = r.other
	}
	answer := &message{}
	return answer, runtime.Invoke(ctx, method, request, answer)
}

// join asks both runtimes at once; repeated fields are joined by joining their bytes.
func (r *relay) join(ctx context.Context, method string, request *message) (*message, error) {
	second, failed := &message{}, make(chan error, 1)
	go func() { failed <- r.other.Invoke(ctx, method, request, second) }()
	first := &message{}
	if err := r.primary.Invoke(ctx, method, request, first); err != nil {
		return nil, err
	}
	if err := <-failed; err != nil {
		return nil, err
	}
	return &message{append(append(make([]byte, 0, len(first.octets)+len(second.octets)), first.octets...), second.octets...)}, nil
}

// follow hands on the streams of both runtimes until the client goes or one of them ends.
func (r *relay) follow(stream grpc.ServerStream, method string, request *message) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	messages, ended := make(chan *message), make(chan error, 2)
	for _, runtime := range []*grpc.ClientConn{r.primary, r.other} {
		go func(runtime *grpc.ClientConn) { ended <- read(ctx, runtime, method, request, messages) }(runtime)
	}
	for {
		select {
		case err := <-ended:
			return err
		case next := <-messages:
			if err := stream.SendMsg(next); err != nil {
				return err
			}
		}
	}
}

func read(ctx context.Context, runtime *grpc.ClientConn, method string, request *message, to chan<- *message) error {
	stream, err := runtime.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(request); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		next := &message{}
		if err := stream.RecvMsg(next); err != nil {
			return err
		}
		select {
		case to <- next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
