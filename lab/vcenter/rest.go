package main

import (
	"net"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

const restSession = "/rest/com/vmware/cis/session"

// restLogin lets the endpoint's accounts, and nobody else, log in to the REST API; both outcomes leave the event that a
// server leaves. The library takes any name and password.
func restLogin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, restSession) || r.URL.RawQuery != "" {
			next.ServeHTTP(w, r)
			return
		}
		user, password, _ := r.BasicAuth()
		address, _, _ := net.SplitHostPort(r.RemoteAddr)
		a := sessions.accounts[user]
		if a == nil || password == "" || a.Password != password || !authority.knows(a) {
			refused := &types.BadUsernameSessionEvent{IpAddress: address}
			refused.UserName, refused.FullFormattedMessage = user, "Cannot login "+user+"@"+address
			post(refused)
			http.Error(w, `{"type":"com.vmware.vapi.std.errors.unauthenticated","value":{"messages":[]}}`, http.StatusUnauthorized)
			return
		}
		entered := &types.UserLoginSessionEvent{IpAddress: address, UserAgent: r.UserAgent(), Locale: "en"}
		entered.UserName, entered.FullFormattedMessage = user, "User "+user+"@"+address+" logged in as "+r.UserAgent()
		post(entered)
		next.ServeHTTP(w, r)
	})
}
