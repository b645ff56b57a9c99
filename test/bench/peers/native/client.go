// Makes calls as a kubelet does: it reads a numbered Job or PlanJob in JSON from each line of its input (clients.ts), and writes the
// result to a line of its output. Jobs run side by side.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

type job struct {
	Socket   string  `json:"socket"`
	Path     string  `json:"path"`
	Request  []byte  `json:"request"`
	Parallel int     `json:"parallel"`
	Calls    int64   `json:"calls"`
	Plan     string  `json:"plan"`
	Speed    float64 `json:"speed"`
}

type result struct {
	// In microseconds.
	Times []float64 `json:"times"`
	// In milliseconds.
	Elapsed float64 `json:"elapsed"`
}

// A kubelet's --runtime-request-timeout.
const timeout = 2 * time.Minute

func call(connection *grpc.ClientConn, path string, request *message) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return connection.Invoke(ctx, path, request, &message{})
}

func run(job job) (*result, error) {
	connection, err := connect(job.Socket, 0)
	if err != nil {
		return nil, err
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
				times[i] = append(times[i], microseconds(time.Since(from)))
			}
		}(i)
	}
	workers.Wait()
	all := &result{Times: []float64{}, Elapsed: microseconds(time.Since(start)) / 1e3}
	for i := range times {
		if faults[i] != nil {
			return nil, faults[i]
		}
		all.Times = append(all.Times, times[i]...)
	}
	return all, nil
}

func microseconds(duration time.Duration) float64 { return float64(duration.Nanoseconds()) / 1e3 }

type numbered struct {
	ID  int `json:"id"`
	Job job `json:"job"`
}

type done struct {
	ID     int         `json:"id"`
	Result interface{} `json:"result,omitempty"`
	Error  string      `json:"error,omitempty"`
}

func do(job job) (interface{}, error) {
	if job.Plan != "" {
		return play(job)
	}
	return run(job)
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 32<<20)
	output := json.NewEncoder(os.Stdout)
	var lock sync.Mutex
	for input.Scan() {
		var next numbered
		if err := json.Unmarshal(input.Bytes(), &next); err != nil {
			log.Fatal(err)
		}
		go func() {
			answer := done{ID: next.ID}
			var err error
			if answer.Result, err = do(next.Job); err != nil {
				answer.Result, answer.Error = nil, err.Error()
			}
			lock.Lock()
			defer lock.Unlock()
			if err := output.Encode(answer); err != nil {
				log.Fatal(err)
			}
		}()
	}
}
