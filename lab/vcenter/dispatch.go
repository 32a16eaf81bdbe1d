package main

import (
	"context"
	"fmt"
	"log"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// call is one request on its way through the server.
type call struct {
	name    string
	this    types.ManagedObjectReference
	body    interface{}
	session *session // nil before login
	address string
	agent   string
	cookie  string // set by a login
	raw     []byte // the request as it came
}

type handler func(*call) (interface{}, error)

// handlers are our own methods, by wire type and method name; they win over the library's.
var handlers = map[string]map[string]handler{}

// readers are own methods that change nothing and may run side by side.
var readers = map[string]bool{}

// on registers a method with its typed request.
func on[R any](kind, name string, f func(*call, *R) (interface{}, error)) {
	if handlers[kind] == nil {
		handlers[kind] = map[string]handler{}
	}
	handlers[kind][name] = func(c *call) (interface{}, error) {
		r, ok := c.body.(*R)
		if !ok {
			return nil, fail(&types.InvalidRequest{}, fmt.Sprintf("%s: unexpected body %T", name, c.body))
		}
		return f(c, r)
	}
}

// reader registers a method that only reads.
func reader[R any](kind, name string, f func(*call, *R) (interface{}, error)) {
	readers[name] = true
	on(kind, name, f)
}

func ownHandler(kind, name string) handler {
	if title := strings.ToUpper(name[:1]) + name[1:]; title != name { // fetchSoftwarePackages is spelt so on the wire
		name = title
	}
	for k := kind; k != ""; k = tables.Managed[k].Base {
		if h := handlers[k][name]; h != nil {
			return h
		}
	}
	return nil
}

// world guards every managed object: one writer or many readers.
var world sync.RWMutex

// waiting methods take the lock themselves, because they sleep.
var waiting = map[string]bool{"WaitForUpdatesEx": true, "WaitForUpdates": true, "CheckForUpdates": true,
	"CancelWaitForUpdates": true, "RetrieveProperties": true, "RetrievePropertiesEx": true, "ContinueRetrievePropertiesEx": true}

// dispatch runs one call and gives its encoded answer or a failure.
func dispatch(c *call) (answer []byte, err error) {
	defer func() {
		if e := recover(); e != nil {
			log.Printf("panic in %s: %v\n%s", c.name, e, debug.Stack())
			answer, err = nil, fail(&types.RuntimeFault{}, fmt.Sprintf("A general system error occurred: %s: %v", c.name, e))
		}
	}()
	m, err := admit(c)
	if err != nil {
		return nil, err
	}
	if waiting[c.name] {
		if err = authorize(c, m); err != nil {
			return nil, err
		}
		return run(c)
	}
	if readers[c.name] || strings.HasPrefix(c.name, "Query") || strings.HasPrefix(c.name, "Retrieve") || c.name == "Fetch" {
		world.RLock()
		defer world.RUnlock()
	} else {
		world.Lock()
		defer world.Unlock()
		defer changed()
	}
	if err = authorize(c, m); err != nil {
		return nil, err
	}
	return run(c)
}

// admit refuses calls without a session and methods that this API version does not have.
func admit(c *call) (method, error) {
	if c.name == "Fetch" {
		return method{Privilege: "System.Anonymous"}, nil
	}
	kind := c.this.Type
	m, ok := tables.method(kind, c.name)
	if !ok {
		return m, fail(&types.MethodNotFound{Receiver: c.this, Method: c.name}, "The method '"+c.name+"' is not known to "+kind+" in this API version")
	}
	if c.session == nil && m.Privilege != "System.Anonymous" && !strings.HasPrefix(c.name, "Login") {
		return m, notAuthenticated(c.this)
	}
	return m, nil
}

func notAuthenticated(ref types.ManagedObjectReference) *failure {
	return fail(&types.NotAuthenticated{NoPermission: types.NoPermission{Object: ref, PrivilegeId: "System.View"}},
		"The session is not authenticated.")
}

func run(c *call) ([]byte, error) {
	if h := ownHandler(c.this.Type, c.name); h != nil {
		if c.session.get(c.this) == nil {
			if simulator.Map.Get(c.this) == nil && c.name != "Fetch" {
				return nil, gone(c.this)
			}
		}
		result, err := h(c)
		if err != nil {
			return nil, err
		}
		if raw, ok := result.([]byte); ok && rawAnswers[c.name] {
			return raw, nil
		}
		return encodeAnswer(c.name, result), nil
	}
	return runLibrary(c)
}

// rawAnswers are methods whose handler encodes its answer under the lock itself.
var rawAnswers = map[string]bool{"RetrieveProperties": true, "RetrievePropertiesEx": true, "ContinueRetrievePropertiesEx": true}

// libraryContext is what the library's methods want to know about the caller.
func libraryContext(c *call) *simulator.Context {
	s := &simulator.Session{UserSession: types.UserSession{Key: "lab", UserName: "lab"}, Registry: simulator.NewRegistry()}
	if c != nil && c.session != nil {
		s.UserSession = c.session.UserSession
		s.Registry = c.session.registry
	}
	ctx := &simulator.Context{Context: context.Background(), Map: simulator.Map, Session: s}
	if c != nil {
		ctx.Caller = &c.this
	}
	return ctx
}

func runLibrary(c *call) ([]byte, error) {
	result, err := callLibrary(c)
	if err != nil {
		return nil, err
	}
	return encodeAnswer(c.name, result), nil
}

// callLibrary runs the library's own method and gives its response struct.
func callLibrary(c *call) (interface{}, error) {
	object := simulator.Map.Get(c.this)
	if object == nil && c.session != nil {
		object = c.session.registry.Get(c.this)
	}
	if object == nil {
		return nil, gone(c.this)
	}
	name := strings.ToUpper(c.name[:1]) + c.name[1:]
	if strings.HasSuffix(name, "_Task") {
		name = name[:len(name)-5] + "Task"
	}
	m := reflect.ValueOf(object).MethodByName(name)
	if !m.IsValid() {
		return nil, fail(&types.NotSupported{}, "The lab does not implement "+c.this.Type+"."+c.name)
	}
	args := []reflect.Value{reflect.ValueOf(c.body)}
	if m.Type().NumIn() == 2 {
		args = append([]reflect.Value{reflect.ValueOf(libraryContext(c))}, args...)
	}
	res, ok := m.Call(args)[0].Interface().(soap.HasFault)
	if !ok {
		return nil, fail(&types.NotSupported{}, c.name)
	}
	if f := res.Fault(); f != nil {
		fault, _ := f.VimFault().(types.BaseMethodFault)
		if fault == nil {
			fault = &types.MethodFault{}
		}
		message := f.String
		if message == "" {
			message = indirect(reflect.ValueOf(fault)).Type().Name()
		}
		return nil, fail(fault, message)
	}
	return reflect.ValueOf(res).Elem().FieldByName("Res").Interface(), nil
}

// find gives a registered object as its concrete library type.
func find[T mo.Reference](ref types.ManagedObjectReference) (T, bool) {
	o, ok := simulator.Map.Get(ref).(T)
	return o, ok
}
