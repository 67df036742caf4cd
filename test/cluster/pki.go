package cluster

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const certificateLife = 7 * 24 * time.Hour // longer than any playground is kept

// keyPair holds the paths of a certificate or public key and its private key.
type keyPair struct{ cert, key string }

// pki is the key material of one cluster, made anew each time and written to
// files that only this user reads.
type pki struct {
	dir                              string
	ca                               string // path of the certificate
	server, admin, controllerManager keyPair
	serviceAccount                   keyPair // cert is a bare public key

	caCert *x509.Certificate
	caKey  crypto.Signer
}

func newPKI(dir string) (*pki, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p := &pki{dir: dir}
	if err := p.makeCA(); err != nil {
		return nil, err
	}
	var err error
	if p.server, err = p.issue("server", x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}); err != nil {
		return nil, err
	}
	if p.admin, err = p.issue("admin", x509.Certificate{
		Subject:     pkix.Name{CommonName: "bench-admin", Organization: []string{"system:masters"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}); err != nil {
		return nil, err
	}
	if p.controllerManager, err = p.issue("controller-manager", x509.Certificate{
		Subject:     pkix.Name{CommonName: "system:kube-controller-manager"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}); err != nil {
		return nil, err
	}
	return p, p.makeServiceAccountKey()
}

func (p *pki) makeCA() error {
	key, err := newKey()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "bench-ca"},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	if err := fill(template); err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if p.caCert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	p.caKey, p.ca = key, filepath.Join(p.dir, "ca.crt")
	return writePEM(p.ca, "CERTIFICATE", der)
}

// issue signs a certificate for a new key.
func (p *pki) issue(name string, template x509.Certificate) (keyPair, error) {
	key, err := newKey()
	if err != nil {
		return keyPair{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if err := fill(&template); err != nil {
		return keyPair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, p.caCert, key.Public(), p.caKey)
	if err != nil {
		return keyPair{}, err
	}
	pair := keyPair{filepath.Join(p.dir, name+".crt"), filepath.Join(p.dir, name+".key")}
	if err := writePEM(pair.cert, "CERTIFICATE", der); err != nil {
		return keyPair{}, err
	}
	return pair, writeKey(pair.key, key)
}

func (p *pki) makeServiceAccountKey() error {
	key, err := newKey()
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	p.serviceAccount = keyPair{filepath.Join(p.dir, "sa.pub"), filepath.Join(p.dir, "sa.key")}
	if err := writePEM(p.serviceAccount.cert, "PUBLIC KEY", public); err != nil {
		return err
	}
	return writeKey(p.serviceAccount.key, key)
}

func newKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// fill sets the serial number and the period of validity.
func fill(template *x509.Certificate) error {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(certificateLife)
	return nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
