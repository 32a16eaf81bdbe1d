package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// serveControl is the tests' own door: /lab/... on the same loopback port. No real server has it.
func serveControl(w http.ResponseWriter, r *http.Request) {
	world.Lock()
	defer world.Unlock()
	defer changed()
	var in map[string]interface{}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<22))
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	defer func() {
		if e := recover(); e != nil {
			w.WriteHeader(http.StatusBadRequest)
			reply(w, map[string]interface{}{"error": e})
		}
	}()
	name := strings.TrimPrefix(r.URL.Path, "/lab/")
	f, ok := controls[name]
	if !ok {
		http.Error(w, "no control "+name, http.StatusNotFound)
		return
	}
	reply(w, f(in, body))
}

func reply(w http.ResponseWriter, v interface{}) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

type control func(in map[string]interface{}, body []byte) interface{}

var controls = map[string]control{}

func init() {
	controls["misbehave"] = func(_ map[string]interface{}, body []byte) interface{} {
		misbehave.mu.Lock()
		defer misbehave.mu.Unlock()
		if len(body) > 0 {
			if err := json.Unmarshal(body, misbehave); err != nil {
				panic(err.Error())
			}
		}
		return misbehave
	}
	controls["behave"] = func(map[string]interface{}, []byte) interface{} {
		misbehave.mu.Lock()
		defer misbehave.mu.Unlock()
		for id := range misbehave.Dead {
			setConnection(id, types.HostSystemConnectionStateConnected)
		}
		misbehave.DropAfter, misbehave.InflateTo, misbehave.EntityBomb, misbehave.SlowMs = 0, 0, false, 0
		misbehave.DeleteGuest, misbehave.BadBytes, misbehave.Status, misbehave.Truncate = false, false, 0, false
		misbehave.Dead = map[string]bool{}
		return "ok"
	}
	controls["dead-host"] = func(in map[string]interface{}, _ []byte) interface{} {
		ref := byName("HostSystem", in["name"].(string))
		misbehave.mu.Lock()
		misbehave.Dead[ref.Value] = true
		misbehave.mu.Unlock()
		setConnection(ref.Value, types.HostSystemConnectionStateNotResponding)
		return ref
	}
	controls["rename"] = func(in map[string]interface{}, _ []byte) interface{} {
		ref := byName(in["type"].(string), in["name"].(string))
		rename(ref, in["to"].(string))
		return ref
	}
	controls["set"] = func(in map[string]interface{}, _ []byte) interface{} {
		ref := byName(in["type"].(string), in["name"].(string))
		setPath(ref, in["path"].(string), in["value"])
		return ref
	}
	controls["terminate-sessions"] = func(in map[string]interface{}, _ []byte) interface{} {
		n := 0
		for _, s := range sessions.list() {
			if user, _ := in["user"].(string); user == "" || user == s.UserName {
				sessions.close(s.Key)
				n++
			}
		}
		return n
	}
	controls["delete"] = func(in map[string]interface{}, _ []byte) interface{} {
		ref := byName(in["type"].(string), in["name"].(string))
		simulator.Map.Remove(ref)
		return ref
	}
	controls["event"] = func(in map[string]interface{}, body []byte) interface{} {
		var s eventShape
		if err := json.Unmarshal(body, &s); err != nil {
			panic(err.Error())
		}
		s.post()
		at := events.list[len(events.list)-1].GetEvent().CreatedTime
		for n := 1; n < s.Times; n++ {
			s.post()
			events.list[len(events.list)-1].GetEvent().CreatedTime = at
		}
		return events.key
	}
	// restart: every session ends; with forget, the database of events is that of before the first one.
	controls["restart"] = func(in map[string]interface{}, _ []byte) interface{} {
		for _, s := range sessions.list() {
			sessions.close(s.Key)
		}
		if forget, _ := in["forget"].(bool); forget {
			events.list, events.key = nil, 0
		}
		return "ok"
	}
	controls["stats"] = func(map[string]interface{}, []byte) interface{} {
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		misbehave.mu.Lock()
		defer misbehave.mu.Unlock()
		return map[string]interface{}{"pid": os.Getpid(), "objects": countObjects(), "heap_bytes": mem.HeapAlloc,
			"calls": misbehave.Calls, "sessions": len(sessions.list()), "time": time.Now()}
	}
}

// byName finds an inventory object by type and name; it panics with a message when there is none.
func byName(kind, name string) types.ManagedObjectReference {
	for _, e := range simulator.Map.All(kind) {
		if nameOf(e) == name {
			return e.Reference()
		}
	}
	panic("no " + kind + " named " + name)
}

func nameOf(e mo.Entity) string {
	v := moValue(e)
	if f := planOf(v.Type()).byName["name"]; f != nil {
		if s := v.FieldByIndex(f.index).String(); s != "" {
			return s
		}
	}
	return e.Entity().Name
}

func setConnection(id string, state types.HostSystemConnectionState) {
	if h, ok := find[*simulator.HostSystem](types.ManagedObjectReference{Type: "HostSystem", Value: id}); ok {
		h.Runtime.ConnectionState = state
		if h.Summary.Runtime != nil {
			h.Summary.Runtime.ConnectionState = state
		}
	}
}
