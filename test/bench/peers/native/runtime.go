// A runtime that has every answer ready: `runtime SOCKET=FILE...`; writeAnswers (answers.ts) has written FILE.
package main

import (
	"encoding/json"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type answer struct {
	Messages [][]byte `json:"messages"`
	Large    []byte   `json:"large"`
	Delay    float64  `json:"delay"`
	Every    float64  `json:"every"`
	calls    int64
}

// isLarge is 1 from one SIGUSR1 to the next.
var isLarge int32

func main() {
	for _, arg := range os.Args[1:] {
		parts := strings.SplitN(arg, "=", 2)
		go serve(parts[0], parts[1])
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	for range signals {
		atomic.StoreInt32(&isLarge, 1-atomic.LoadInt32(&isLarge))
	}
}

func serve(socket, file string) {
	octets, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	answers := map[string]*answer{}
	if err := json.Unmarshal(octets, &answers); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	handle := func(_ interface{}, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		known, ok := answers[method]
		if !ok {
			return status.Error(codes.Unimplemented, method)
		}
		if err := stream.RecvMsg(&message{}); err != nil {
			return err
		}
		return known.send(stream)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageSize), grpc.MaxSendMsgSize(maxMessageSize),
		grpc.UnknownServiceHandler(handle))
	log.Fatal(server.Serve(listener))
}

func (a *answer) send(stream grpc.ServerStream) error {
	if a.Every > 0 {
		return a.tick(stream)
	}
	if a.Delay > 0 {
		time.Sleep(milliseconds(a.Delay))
	}
	if a.Large != nil && atomic.LoadInt32(&isLarge) == 1 {
		return stream.SendMsg(&message{a.Large})
	}
	turn := atomic.AddInt64(&a.calls, 1) - 1
	return stream.SendMsg(&message{a.Messages[turn%int64(len(a.Messages))]})
}

// tick sends a message at intervals until the client goes.
func (a *answer) tick(stream grpc.ServerStream) error {
	ticker := time.NewTicker(milliseconds(a.Every))
	defer ticker.Stop()
	for {
		select {
		case <-stream.Context().Done():
			return nil
		case <-ticker.C:
			if err := stream.SendMsg(&message{a.Messages[0]}); err != nil {
				return err
			}
		}
	}
}

func milliseconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Millisecond))
}
