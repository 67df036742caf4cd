// Package wire reads and writes what the AWS SDKs put on the line: bodies in AWS
// JSON 1.1 and CBOR, error answers and the credential scope of a signature.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
)

// Body is a decoded JSON document. Numbers are json.Number, so that what a
// caller wrote can be given back unchanged; answers may hold time.Time.
type Body = map[string]any

// Decode reads one JSON object. An empty body is an empty object, as AWS
// takes it. Anything else is AWS's SerializationException.
func Decode(data []byte) (Body, *Error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return Body{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, Errorf("SerializationException", "unable to parse the request body as JSON: %s", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, Errorf("SerializationException", "unexpected data after the request body")
	}
	body, ok := value.(map[string]any)
	if !ok {
		return nil, Errorf("SerializationException", "the request body must be a JSON object")
	}
	return body, nil
}

// Encode writes a document with times as epoch seconds.
func Encode(body Body) ([]byte, error) { return json.Marshal(plain(body)) }

// Timestamp is t as AWS JSON writes it: epoch seconds with milliseconds.
func Timestamp(t time.Time) json.Number {
	return json.Number(strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64))
}

// Time reads an epoch-seconds number, to the millisecond.
func Time(value any) (time.Time, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), true
}

func plain(value any) any {
	switch v := value.(type) {
	case time.Time:
		return Timestamp(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			if member != nil {
				out[key] = plain(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = plain(member)
		}
		return out
	default:
		return value
	}
}

// Clone copies a document, so that neither side can change the other's.
func Clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			out[key] = Clone(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = Clone(member)
		}
		return out
	default:
		return value
	}
}

// errorBody is the JSON that carries an error.
func errorBody(e *Error) []byte {
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.Code, e.Message})
	if err != nil { // two strings always encode
		panic(err)
	}
	return body
}
