// A generator that speaks gRPC as grpc-go does, in frames of 16 KiB: the senders that most back ends see. It
// sends the same message again and again, as many bytes as bench's own generator.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

// Messages are bytes already.
type asIs struct{}

func (asIs) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}
func (asIs) Unmarshal(data mem.BufferSlice, v any) error { return nil }
func (asIs) Name() string                                { return "proto" }

// The first record of `millrace sink --record`: four bytes of length, big endian, and the message.
func firstRecord(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var size uint32
	if err := binary.Read(file, binary.BigEndian, &size); err != nil {
		return nil, err
	}
	message := make([]byte, size)
	_, err = io.ReadFull(file, message)
	return message, err
}

type sender func(message []byte) error

func grpcSender(endpoint string) (sender, error) {
	connection, err := grpc.NewClient("passthrough:///"+endpoint,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(asIs{})))
	if err != nil {
		return nil, err
	}
	return func(message []byte) error {
		var answer []byte
		return connection.Invoke(context.Background(),
			"/opentelemetry.proto.collector.trace.v1.TraceService/Export", message, &answer)
	}, nil
}

func httpSender(endpoint string, streams int) (sender, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: streams, MaxConnsPerHost: streams,
		DisableCompression: true}}
	return func(message []byte) error {
		answer, err := client.Post("http://"+endpoint+"/v1/traces", "application/x-protobuf",
			bytes.NewReader(message))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		io.Copy(io.Discard, answer.Body)
		if answer.StatusCode != 200 {
			return fmt.Errorf("status %d", answer.StatusCode)
		}
		return nil
	}, nil
}

func main() {
	endpoint := flag.String("endpoint", "", "host:port")
	protocol := flag.String("protocol", "grpc", "grpc or http")
	record := flag.String("record", "", "a file of millrace sink --record, whose first message is sent")
	items := flag.Int("items-per-request", 0, "of that message")
	total := flag.Int("total", 0, "items")
	connections := flag.Int("connections", 1, "connections of gRPC; of HTTP times --streams")
	streams := flag.Int("streams", 1, "requests in flight on each")
	flag.Parse()
	message, err := firstRecord(*record)
	if err != nil || *items <= 0 {
		fmt.Fprintln(os.Stderr, "no message or no items:", err)
		os.Exit(2)
	}
	requests := int64(*total / *items)
	var next, ok atomic.Int64
	var first atomic.Value
	var group sync.WaitGroup
	begun := time.Now()
	for c := 0; c < *connections; c++ {
		send, err := grpcSender(*endpoint)
		if *protocol == "http" {
			send, err = httpSender(*endpoint, *streams)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for s := 0; s < *streams; s++ {
			group.Add(1)
			go func() {
				defer group.Done()
				for next.Add(1) <= requests {
					if err := send(message); err != nil {
						first.CompareAndSwap(nil, err.Error())
						continue
					}
					ok.Add(int64(*items))
				}
			}()
		}
	}
	group.Wait()
	seconds := time.Since(begun).Seconds()
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	firstError, _ := first.Load().(string)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"ok": ok.Load(), "requests": requests, "request_bytes": len(message), "seconds": seconds,
		"per_second":  float64(ok.Load()) / seconds,
		"cpu_seconds": float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9,
		"first_error": firstError,
	})
}
