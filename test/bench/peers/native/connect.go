package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
)

// The largest message that kubelets, containerd and CRI-O take.
const maxMessageSize = 16 << 20

// Connections by socket and number, kept.
var (
	connections     = map[string]*grpc.ClientConn{}
	connectionsLock sync.Mutex
)

// connect gives the numbered connection to a socket; a kubelet has two.
func connect(socket string, number int) (*grpc.ClientConn, error) {
	connectionsLock.Lock()
	defer connectionsLock.Unlock()
	key := fmt.Sprintf("%d %s", number, socket)
	if known, ok := connections[key]; ok {
		return known, nil
	}
	dial := func(ctx context.Context, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", address)
	}
	connection, err := grpc.Dial(socket, grpc.WithInsecure(), grpc.WithAuthority("localhost"), grpc.WithBlock(),
		grpc.WithContextDialer(dial), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageSize)))
	if err == nil {
		connections[key] = connection
	}
	return connection, err
}
