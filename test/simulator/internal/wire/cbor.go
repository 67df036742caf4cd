package wire

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
)

var (
	cborDecoding = mode(cbor.DecOptions{DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode())
	cborEncoding = mode(cbor.EncOptions{Time: cbor.TimeUnixDynamic, TimeTag: cbor.EncTagRequired}.EncMode())
)

// mode takes the options above, which do not contradict each other.
func mode[M any](m M, err error) M {
	if err != nil {
		panic(err)
	}
	return m
}

// decodeCBOR reads one CBOR map, with numbers and times as Decode has them.
func decodeCBOR(data []byte) (Body, *Error) {
	if len(data) == 0 {
		return Body{}, nil
	}
	var value any
	if err := cborDecoding.Unmarshal(data, &value); err != nil {
		return nil, Errorf("SerializationException", "unable to parse the request body as CBOR: %s", err)
	}
	body, ok := fromCBOR(value).(map[string]any)
	if !ok {
		return nil, Errorf("SerializationException", "the request body must be a CBOR map")
	}
	return body, nil
}

func fromCBOR(value any) any {
	switch v := value.(type) {
	case uint64:
		return json.Number(strconv.FormatUint(v, 10))
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case time.Time:
		return Timestamp(v)
	case map[string]any:
		for key, member := range v {
			v[key] = fromCBOR(member)
		}
	case []any:
		for i, member := range v {
			v[i] = fromCBOR(member)
		}
	}
	return value
}

func encodeCBOR(body Body) ([]byte, error) { return cborEncoding.Marshal(toCBOR(body)) }

func toCBOR(value any) any {
	switch v := value.(type) {
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		fraction, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return fraction
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			if member != nil {
				out[key] = toCBOR(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = toCBOR(member)
		}
		return out
	default:
		return value
	}
}

// queryCodes are the codes by which AWS Query knows errors: those of its
// errors' shapes are in the API's model. Assumption: the codes of what any
// service may answer.
var queryCodes = map[string]string{
	"AccessDeniedException": "AccessDenied", "InternalServiceFault": "InternalServiceError",
	"InvalidFormatFault": "InvalidFormat", "InvalidParameterCombinationException": "InvalidParameterCombination",
	"InvalidParameterValueException": "InvalidParameterValue", "LimitExceededFault": "LimitExceeded",
	"MissingRequiredParameterException": "MissingParameter", "ThrottlingException": "Throttling", "ValidationException": "ValidationError",
}

func refuseCBOR(headers http.Header, failure *Error) []byte {
	fault := "Sender"
	if failure.HTTPStatus() >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	headers.Set("X-Amzn-Query-Error", cmp.Or(queryCodes[failure.Code], failure.Code)+";"+fault)
	return mode(cborEncoding.Marshal(map[string]string{"__type": failure.Code, "message": failure.Message}))
}
