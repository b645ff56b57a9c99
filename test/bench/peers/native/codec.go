package main

import "google.golang.org/grpc/encoding"

// message is a protobuf message as it is on the wire: peers that spend nothing on it are the hardest comparison.
type message struct{ octets []byte }

type codec struct{}

func (codec) Marshal(v interface{}) ([]byte, error) { return v.(*message).octets, nil }

func (codec) Unmarshal(octets []byte, v interface{}) error {
	v.(*message).octets = octets
	return nil
}

// Name is the name of the codec it replaces, so that the content type stays a kubelet's, "application/grpc".
func (codec) Name() string { return "proto" }

func init() { encoding.RegisterCodec(codec{}) }
