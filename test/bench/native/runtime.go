// A runtime that has every answer ready: `runtime SOCKET=FOLDER...`, FOLDER holding a file named after each method.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"
)

// As containerd and CRI-O allow.
const maxMessageSize = 16 << 20

func main() {
	for _, arg := range os.Args[1:] {
		parts := strings.SplitN(arg, "=", 2)
		go serve(parts[0], parts[1])
	}
	select {}
}

func serve(socket, folder string) {
	files, err := os.ReadDir(folder)
	if err != nil {
		log.Fatal(err)
	}
	service := grpc.ServiceDesc{ServiceName: "runtime.v1.RuntimeService", HandlerType: (*interface{})(nil)}
	for _, file := range files {
		octets, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			log.Fatal(err)
		}
		service.Methods = append(service.Methods, grpc.MethodDesc{MethodName: file.Name(), Handler: answer(octets)})
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageSize), grpc.MaxSendMsgSize(maxMessageSize))
	server.RegisterService(&service, struct{}{})
	log.Fatal(server.Serve(listener))
}

type handler = func(interface{}, context.Context, func(interface{}) error, grpc.UnaryServerInterceptor) (interface{}, error)

func answer(octets []byte) handler {
	return func(_ interface{}, _ context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
		if err := decode(&message{}); err != nil {
			return nil, err
		}
		return &message{octets}, nil
	}
}
