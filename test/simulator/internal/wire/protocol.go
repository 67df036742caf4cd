package wire

import (
	"net/http"
)

// Protocol is how a service writes requests and answers.
type Protocol struct {
	contentType string
	// Decode reads the body of a request.
	Decode func(data []byte) (Body, *Error)
	// Encode writes the body of an answer.
	Encode func(body Body) ([]byte, error)
	// Refuse writes the body of a refusal, and the headers that go with it.
	Refuse func(headers http.Header, failure *Error) []byte
	// headers go with every answer.
	headers map[string]string
}

// JSON is AWS JSON 1.1.
var JSON = Protocol{
	contentType: "application/x-amz-json-1.1", Decode: Decode, Encode: Encode,
	Refuse: func(_ http.Header, failure *Error) []byte { return errorBody(failure) },
}

// CBOR is smithy's rpc-v2-cbor, of a service that once spoke AWS Query.
var CBOR = Protocol{
	contentType: "application/cbor", Decode: decodeCBOR, Encode: encodeCBOR, Refuse: refuseCBOR,
	headers: map[string]string{"Smithy-Protocol": "rpc-v2-cbor"},
}

// Write sends an answer.
func (p Protocol) Write(w http.ResponseWriter, requestID string, status int, body []byte) {
	w.Header().Set("Content-Type", p.contentType)
	w.Header().Set("X-Amzn-Requestid", requestID)
	for name, value := range p.headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone: nothing is left to tell it
}
