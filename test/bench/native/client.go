// Makes calls as a kubelet does: a Job in JSON (load-client.ts) on each line of its input, a JobResult on each of its output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

type job struct {
	Socket   string `json:"socket"`
	Path     string `json:"path"`
	Request  []byte `json:"request"`
	Parallel int    `json:"parallel"`
	Calls    int64  `json:"calls"`
}

type result struct {
	// In microseconds.
	Times []float64 `json:"times"`
	// In milliseconds.
	Elapsed float64 `json:"elapsed"`
	Error   string  `json:"error,omitempty"`
}

// What a kubelet sets (pkg/kubelet/cri/remote): its --runtime-request-timeout, and the largest message that it takes.
const (
	timeout        = 2 * time.Minute
	maxMessageSize = 16 << 20
)

// One connection to each socket, kept over all jobs.
var connections = map[string]*grpc.ClientConn{}

func connect(socket string) (*grpc.ClientConn, error) {
	if known, ok := connections[socket]; ok {
		return known, nil
	}
	dial := func(ctx context.Context, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", address)
	}
	connection, err := grpc.Dial(socket, grpc.WithInsecure(), grpc.WithAuthority("localhost"), grpc.WithBlock(),
		grpc.WithContextDialer(dial), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageSize)))
	if err == nil {
		connections[socket] = connection
	}
	return connection, err
}

func call(connection *grpc.ClientConn, path string, request *message) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return connection.Invoke(ctx, path, request, &message{})
}

func run(job job) result {
	connection, err := connect(job.Socket)
	if err != nil {
		return result{Error: err.Error()}
	}
	left := job.Calls
	times := make([][]float64, job.Parallel)
	faults := make([]error, job.Parallel)
	var workers sync.WaitGroup
	start := time.Now()
	for i := range times {
		workers.Add(1)
		go func(i int) {
			defer workers.Done()
			request := &message{job.Request}
			for faults[i] == nil && atomic.AddInt64(&left, -1) >= 0 {
				from := time.Now()
				faults[i] = call(connection, job.Path, request)
				times[i] = append(times[i], float64(time.Since(from).Nanoseconds())/1e3)
			}
		}(i)
	}
	workers.Wait()
	all := result{Times: []float64{}, Elapsed: float64(time.Since(start).Nanoseconds()) / 1e6}
	for i := range times {
		if faults[i] != nil {
			return result{Error: faults[i].Error()}
		}
		all.Times = append(all.Times, times[i]...)
	}
	return all
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	output := json.NewEncoder(os.Stdout)
	for input.Scan() {
		var next job
		if err := json.Unmarshal(input.Bytes(), &next); err != nil {
			log.Fatal(err)
		}
		if err := output.Encode(run(next)); err != nil {
			log.Fatal(err)
		}
	}
}
