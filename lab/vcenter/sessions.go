package main

import (
	"net/http"
	"sort"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// account is one row of an endpoint's user table.
type account struct {
	User     string   `json:"user"`
	Password string   `json:"password"`
	FullName string   `json:"fullName"`
	Groups   []string `json:"groups"`
}

// session is a login: its user, and the views, filters and page tokens that die with it.
type session struct {
	types.UserSession
	registry *simulator.Registry
	account  *account
	calls    int

	mu      sync.Mutex
	objects map[string]interface{} // by reference value
	next    int
}

type sessionTable struct {
	mu       sync.Mutex
	open     map[string]*session
	accounts map[string]*account
}

var sessions = &sessionTable{open: map[string]*session{}, accounts: map[string]*account{}}

// of finds the session that a request's cookie names.
func (t *sessionTable) of(r *http.Request) *session {
	cookie, err := r.Cookie("vmware_soap_session")
	if err != nil {
		return nil
	}
	value := cookie.Value
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.open[value]
	if s != nil {
		s.LastActiveTime = time.Now()
		s.calls++
	}
	return s
}

func (t *sessionTable) close(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.open[key]
	delete(t.open, key)
	return ok
}

// list gives the open sessions, oldest first.
func (t *sessionTable) list() []types.UserSession {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]types.UserSession, 0, len(t.open))
	for _, s := range t.open {
		out = append(out, s.UserSession)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].LoginTime.Before(out[j].LoginTime) })
	return out
}

func (t *sessionTable) start(c *call, a *account, locale string) *session {
	if locale == "" {
		locale = "en_US"
	}
	now := time.Now()
	s := &session{account: a, registry: simulator.NewRegistry(), objects: map[string]interface{}{}}
	s.UserSession = types.UserSession{Key: uuid.New().String(), UserName: a.User, FullName: a.FullName, LoginTime: now,
		LastActiveTime: now, Locale: locale, MessageLocale: locale, ExtensionSession: types.NewBool(false),
		IpAddress: c.address, UserAgent: c.agent}
	t.mu.Lock()
	t.open[s.Key] = s
	t.mu.Unlock()
	return s
}

// put keeps a session's own object and gives its reference.
func (s *session) put(kind string, o interface{}) types.ManagedObjectReference {
	s.mu.Lock()
	defer s.mu.Unlock()
	ref := types.ManagedObjectReference{Type: kind, Value: "session[" + s.Key + "]" + uuid.New().String()}
	s.objects[ref.Value] = o
	return ref
}

func (s *session) get(ref types.ManagedObjectReference) interface{} {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[ref.Value]
}

func (s *session) drop(ref types.ManagedObjectReference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, ref.Value)
}

func init() {
	on("SessionManager", "Login", login)
	on("SessionManager", "Logout", func(c *call, _ *types.Logout) (interface{}, error) {
		sessions.close(c.session.Key)
		s := c.session.UserSession
		postAs(c, &types.UserLogoutSessionEvent{SessionEvent: sessionEvent(c, "User "+s.UserName+"@"+c.address+" logged out"),
			IpAddress: s.IpAddress, UserAgent: s.UserAgent, SessionId: s.Key, LoginTime: &s.LoginTime})
		return nil, nil
	})
	on("SessionManager", "TerminateSession", func(c *call, r *types.TerminateSession) (interface{}, error) {
		for _, key := range r.SessionId {
			if key == c.session.Key {
				return nil, invalidArgument("sessionId")
			}
			if !sessions.close(key) {
				return nil, notFound("session")
			}
		}
		return nil, nil
	})
	reader("SessionManager", "SessionIsActive", func(c *call, r *types.SessionIsActive) (interface{}, error) {
		for _, s := range sessions.list() {
			if s.Key == r.SessionID {
				return s.UserName == r.UserName, nil
			}
		}
		return false, nil
	})
}

func sessionEvent(c *call, message string) types.SessionEvent {
	return types.SessionEvent{Event: types.Event{FullFormattedMessage: message}}
}

func login(c *call, r *types.Login) (interface{}, error) {
	refused := fail(&types.InvalidLogin{}, "Cannot complete login due to an incorrect user name or password.")
	if c.session != nil {
		return nil, refused
	}
	a := sessions.accounts[r.UserName]
	if a == nil || a.Password != r.Password || r.Password == "" {
		e := &types.BadUsernameSessionEvent{SessionEvent: sessionEvent(c, "Cannot login "+r.UserName+"@"+c.address), IpAddress: c.address}
		e.UserName = r.UserName
		post(e)
		return nil, refused
	}
	if !authority.knows(a) {
		e := &types.NoAccessUserEvent{SessionEvent: sessionEvent(c, "Cannot login user "+r.UserName+"@"+c.address+": no permission"), IpAddress: c.address}
		e.UserName = r.UserName
		post(e)
		return nil, noPermission(rootRef(), "System.View")
	}
	s := sessions.start(c, a, r.Locale)
	c.session, c.cookie = s, s.Key
	postAs(c, &types.UserLoginSessionEvent{SessionEvent: sessionEvent(c, "User "+a.User+"@"+c.address+" logged in as "+c.agent),
		IpAddress: c.address, UserAgent: c.agent, Locale: s.Locale, SessionId: s.Key})
	return s.UserSession, nil
}
