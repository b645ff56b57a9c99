package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// A Plan (plan.ts). An entry has the time in ms, the number of the call, and the number of the connection.
type plan struct {
	Period float64 `json:"period"`
	Calls  []struct {
		Path    string `json:"path"`
		Request []byte `json:"request"`
	} `json:"calls"`
	Entries [][3]float64 `json:"entries"`
	Stream  string       `json:"stream"`
}

type planResult struct {
	Times    map[string][]float64 `json:"times"`
	Streamed int                  `json:"streamed"`
}

// play makes each call when it is due, whether or not the calls before it have ended.
func play(job job) (*planResult, error) {
	var plan plan
	octets, err := os.ReadFile(job.Plan)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(octets, &plan); err != nil {
		return nil, err
	}
	var pair [2]*grpc.ClientConn
	for i := range pair {
		if pair[i], err = connect(job.Socket, i); err != nil {
			return nil, err
		}
	}
	all := &planResult{Times: map[string][]float64{}}
	for _, call := range plan.Calls {
		all.Times[call.Path] = []float64{}
	}
	var lock sync.Mutex
	var fault error
	var pending sync.WaitGroup
	one := func(index, at int) {
		defer pending.Done()
		made := plan.Calls[index]
		from := time.Now()
		err := call(pair[at], made.Path, &message{made.Request})
		took := microseconds(time.Since(from))
		lock.Lock()
		defer lock.Unlock()
		all.Times[made.Path] = append(all.Times[made.Path], took)
		if err != nil {
			fault = err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var streamFault error
	var streaming sync.WaitGroup
	if plan.Stream != "" {
		streaming.Add(1)
		go func() {
			defer streaming.Done()
			streamFault = countMessages(ctx, pair[0], plan.Stream, &all.Streamed)
		}()
	}
	start := time.Now()
	due := func(at float64) time.Time {
		return start.Add(time.Duration(at / job.Speed * float64(time.Millisecond)))
	}
	for _, entry := range plan.Entries {
		time.Sleep(time.Until(due(entry[0])))
		pending.Add(1)
		go one(int(entry[1]), int(entry[2]))
	}
	pending.Wait()
	time.Sleep(time.Until(due(plan.Period)))
	cancel()
	streaming.Wait()
	if fault == nil {
		fault = streamFault
	}
	return all, fault
}

// countMessages reads a stream until the context ends it; another end is an error.
func countMessages(ctx context.Context, connection *grpc.ClientConn, path string, count *int) error {
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path)
	if err == nil {
		err = stream.SendMsg(&message{})
	}
	if err == nil {
		err = stream.CloseSend()
	}
	for err == nil {
		if err = stream.RecvMsg(&message{}); err == nil {
			*count++
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}
