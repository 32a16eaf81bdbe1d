package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const maxRequest = 64 << 20

// serveSOAP answers /sdk: decode, dispatch, encode.
func serveSOAP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c, err := decode(body)
	var answer []byte
	status := http.StatusOK
	if err == nil {
		c.address, _, _ = net.SplitHostPort(r.RemoteAddr)
		c.agent = r.UserAgent()
		c.session = sessions.of(r)
		if !misbehave.before(w, c) {
			return
		}
		answer, err = dispatch(c)
	} else {
		err = fail(&types.InvalidRequest{}, err.Error())
	}
	if err != nil {
		f, ok := err.(*failure)
		if !ok {
			f = fail(&types.RuntimeFault{}, err.Error())
		}
		answer, status = encodeFault(f), http.StatusInternalServerError
	}
	if c != nil {
		answer = misbehave.answer(c, answer)
		if c.cookie != "" {
			http.SetCookie(w, &http.Cookie{Name: "vmware_soap_session", Value: c.cookie, Path: "/", HttpOnly: true, Secure: true})
		}
	}
	send(w, r, status, answer)
}

func decode(body []byte) (*call, error) {
	m, err := simulator.UnmarshalBody(types.TypeFunc(), body)
	if err != nil {
		// a method that the type definitions of the library do not know
		if name := methodName(body); name != "" && strings.Contains(err.Error(), "no vmomi type") {
			return &call{name: name, this: thisOf(body)}, nil
		}
		return nil, err
	}
	return &call{name: m.Name, this: m.This, body: m.Body, raw: body}, nil
}

func methodName(body []byte) string {
	i := bytes.Index(body, []byte("Body>"))
	if i < 0 {
		return ""
	}
	head := body[i+5:]
	if len(head) > 200 {
		head = head[:200]
	}
	name := strings.TrimLeft(string(head), "< \r\n\t")
	if j := strings.IndexAny(name, " >/"); j > 0 {
		name = name[:j]
	}
	if k := strings.IndexByte(name, ':'); k >= 0 {
		name = name[k+1:]
	}
	return name
}

func thisOf(body []byte) (ref types.ManagedObjectReference) {
	i := bytes.Index(body, []byte("_this"))
	if i < 0 {
		return
	}
	s := string(body[i:])
	if j := strings.Index(s, `type="`); j >= 0 {
		ref.Type = s[j+6:]
		ref.Type = ref.Type[:strings.IndexByte(ref.Type, '"')]
	}
	if j := strings.IndexByte(s, '>'); j >= 0 {
		if k := strings.IndexByte(s[j:], '<'); k > 0 {
			ref.Value = s[j+1 : j+k]
		}
	}
	return
}

// send writes the answer, compressed when the client asked for it (real servers do).
func send(w http.ResponseWriter, r *http.Request, status int, answer []byte) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if *compress && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(answer) > 4096 {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		_, _ = z.Write(answer)
		_ = z.Close()
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// serveVersions tells clients which API versions they may choose from.
func serveVersions(api string) http.HandlerFunc {
	prior := ""
	for _, v := range priorVersions(api) {
		prior += "<version>" + v + "</version>"
	}
	text := `<?xml version="1.0" encoding="UTF-8" ?><namespaces version="1.0"><namespace><name>urn:vim25</name><version>` + api +
		`</version><priorVersions>` + prior + `</priorVersions></namespace></namespaces>`
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, text)
	}
}

// priorVersions lists the older API versions that an endpoint still speaks.
func priorVersions(api string) []string {
	var out []string
	for _, v := range []string{"8.0.1.0", "8.0.0.1", "7.0.3.2", "7.0", "6.7.3", "6.7", "6.5", "6.0", "5.5", "5.1", "5.0", "4.1", "4.0", "2.5u2", "2.5", "2.0"} {
		if olderAPI(v, api) {
			out = append(out, v)
		}
	}
	return out
}

func olderAPI(a, b string) bool {
	known := func(v string) int {
		if v == "7.0" {
			v = "7.0.0.0"
		}
		return len(tables.APIs[v])
	}
	return known(a) < known(b)
}
