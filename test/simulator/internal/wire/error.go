package wire

import (
	"fmt"
	"net/http"
)

// Error is an answer of AWS that refuses a request.
type Error struct {
	Code    string
	Message string
	// Status is the HTTP status; 0 means 400.
	Status int
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// HTTPStatus is the status line that goes with the error.
func (e *Error) HTTPStatus() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Errorf makes an error of the given AWS code.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes the ValidationException that AWS uses for most refusals,
// unknown and duplicate names of many kinds included.
func Invalid(format string, args ...any) *Error {
	return Errorf("ValidationException", format, args...)
}

// Throttled is the answer to a caller that asks too fast. Written as JSON it
// is exactly the 58 bytes that AWS sends.
func Throttled() *Error { return &Error{Code: "ThrottlingException", Message: "Rate exceeded"} }

// Expired is the answer to a caller whose session has expired. Services call it
// ExpiredTokenException, STS and S3 ExpiredToken ("Common Errors" of their API references).
func Expired(code string) *Error {
	return &Error{Code: code, Message: "The security token included in the request is expired", Status: http.StatusForbidden}
}
