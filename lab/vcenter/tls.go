package main

import (
	"crypto/tls"
	"flag"
	"fmt"
)

var (
	certFile = flag.String("cert", "", "PEM certificate")
	keyFile  = flag.String("key", "", "PEM private key")
	tlsMin   = flag.String("tls-min", "1.0", "oldest TLS version offered")
	tlsMax   = flag.String("tls-max", "1.3", "newest TLS version offered")
)

var tlsVersions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func tlsConfig() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(*certFile, *keyFile)
	if err != nil {
		return nil, err
	}
	min, max := tlsVersions[*tlsMin], tlsVersions[*tlsMax]
	if min == 0 || max == 0 {
		return nil, fmt.Errorf("unknown TLS version %s or %s", *tlsMin, *tlsMax)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: min, MaxVersion: max, NextProtos: []string{"http/1.1"}}
	return config, nil
}
