// Package sts is the part of AWS STS that says who a caller is.
package sts

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Issuer knows the credentials it gave out. It is safe for concurrent use.
type Issuer struct {
	account string
	clock   clock.PassiveClock
	faults  *fault.Set

	mu       sync.Mutex
	sessions map[string]issued // by access key
}

// issued are credentials that were given out: for whom, without region, and until when.
type issued struct {
	wire.Caller

	expires time.Time
}

// New makes an issuer; account is that of access keys nobody issued.
func New(account string, now clock.PassiveClock, faults *fault.Set) *Issuer {
	return &Issuer{account: account, clock: now, faults: faults, sessions: map[string]issued{}}
}

var (
	digits = regexp.MustCompile(`^\d{12}$`)
	role   = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?([^/]+)$`)
)

// Operations of STS that are simulated.
func Operations() []string {
	return []string{"GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity"}
}

// Caller identifies the bearer of a signature. A key of 12 digits is the root
// of that account; other keys nobody issued belong to the default account.
func (i *Issuer) Caller(s wire.Signature) wire.Caller {
	i.mu.Lock()
	session, known := i.sessions[s.AccessKey]
	i.mu.Unlock()
	caller := session.Caller
	caller.Expired = known && i.clock.Now().After(session.expires)
	if !known {
		caller.Account = i.account
		if digits.MatchString(s.AccessKey) {
			caller.Account = s.AccessKey
		}
	}
	caller.Region = s.Region
	if !known {
		caller.Principal = "arn:" + caller.Partition() + ":iam::" + caller.Account + ":user/simulated"
	}
	return caller
}

// Handle answers a query-protocol request. caller is the zero value when the
// request was not signed.
func (i *Issuer) Handle(caller wire.Caller, form url.Values) (any, *wire.Error) {
	action := form.Get("Action")
	event := fault.Event{Operation: action, Principal: caller.Principal, Role: form.Get("RoleArn")}
	if rule, rejected := i.faults.Take(fault.Reject, event); rejected {
		return nil, &wire.Error{Code: rule.Code, Message: rule.Message, Status: rule.Status}
	}
	if caller.Expired {
		return nil, wire.Expired("ExpiredToken")
	}
	switch action {
	case "GetCallerIdentity":
		if caller.Account == "" {
			return nil, unsigned()
		}
		return identity{Result: identityResult{
			ARN: caller.Principal, UserID: userID(caller), Account: caller.Account,
		}, Metadata: metadata{requestID}}, nil
	case "AssumeRole":
		if caller.Account == "" {
			return nil, unsigned()
		}
		session, err := i.assume(caller.Principal, form)
		if err != nil {
			return nil, err
		}
		return assumeRole{Result: session, Metadata: metadata{requestID}}, nil
	case "AssumeRoleWithWebIdentity":
		if form.Get("WebIdentityToken") == "" {
			return nil, missing("webIdentityToken")
		}
		session, err := i.assume("", form)
		if err != nil {
			return nil, err
		}
		return assumeRoleWithWebIdentity{Result: session, Metadata: metadata{requestID}}, nil
	default:
		return nil, wire.Errorf("InvalidAction", "Could not find operation %s for version %s", action, form.Get("Version"))
	}
}

func (i *Issuer) assume(principal string, form url.Values) (session, *wire.Error) {
	arn, name := form.Get("RoleArn"), form.Get("RoleSessionName")
	parts := role.FindStringSubmatch(arn)
	if parts == nil {
		return session{}, wire.Errorf("ValidationError", "%s is invalid", arn)
	}
	if name == "" {
		return session{}, missing("roleSessionName")
	}
	if _, denied := i.faults.Take(fault.Deny, fault.Event{Operation: form.Get("Action"), Principal: principal, Role: arn}); denied {
		message := "Not authorized to perform sts:AssumeRoleWithWebIdentity"
		if principal != "" {
			message = fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", principal, arn)
		}
		return session{}, &wire.Error{Code: "AccessDenied", Message: message, Status: http.StatusForbidden}
	}
	assumed := wire.Caller{
		Scope:     wire.Scope{Account: parts[2]},
		Principal: "arn:" + parts[1] + ":sts::" + parts[2] + ":assumed-role/" + parts[3] + "/" + name,
		Role:      arn,
	}
	// SDKs compare the expiration with the real time, whatever the clock here.
	expires := time.Now()
	if now := i.clock.Now(); now.After(expires) {
		expires = now
	}
	expires = expires.Add(lifetime(form))
	i.mu.Lock()
	key := fmt.Sprintf("ASIASIMULATED%07d", len(i.sessions)+1)
	i.sessions[key] = issued{assumed, expires}
	i.mu.Unlock()
	return session{
		Credentials: credentials{
			AccessKeyID: key, SecretAccessKey: "simulated", SessionToken: "simulated-" + key,
			Expiration: expires.UTC().Format(time.RFC3339),
		},
		User: assumedUser{ID: "AROASIMULATED:" + name, ARN: assumed.Principal},
	}, nil
}

// lifetime is how long a session lasts: an hour, unless the request says otherwise (API
// reference of AssumeRole, DurationSeconds).
func lifetime(form url.Values) time.Duration {
	if seconds, err := strconv.Atoi(form.Get("DurationSeconds")); err == nil {
		return time.Duration(seconds) * time.Second
	}
	return time.Hour
}

func unsigned() *wire.Error {
	return &wire.Error{Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token", Status: http.StatusForbidden}
}

func missing(parameter string) *wire.Error {
	return wire.Errorf("ValidationError",
		"1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", parameter)
}

func userID(caller wire.Caller) string {
	if caller.Role == "" {
		return "AIDASIMULATED"
	}
	return "AROASIMULATED:" + caller.Principal[strings.LastIndex(caller.Principal, "/")+1:]
}

// Write sends an answer, or the error in its place.
func Write(w http.ResponseWriter, answer any, failure *wire.Error) {
	status := http.StatusOK
	if failure != nil {
		status = failure.HTTPStatus()
		answer = errorResponse{Error: errorBody{Type: "Sender", Code: failure.Code, Message: failure.Message}, RequestID: requestID}
	}
	body, err := xml.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone: nothing is left to tell it
}
