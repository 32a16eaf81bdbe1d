package main

import (
	"reflect"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// eventLog keeps every event, oldest first. The library's manager filters neither by time nor by user and forgets.
type eventLog struct {
	list []types.BaseEvent
	key  int32
}

var events = &eventLog{}

const eventCap = 20000

func (l *eventLog) add(e types.BaseEvent) {
	l.key++
	ev := e.GetEvent()
	ev.Key = l.key
	if ev.ChainId == 0 {
		ev.ChainId = l.key
	}
	if ev.CreatedTime.IsZero() {
		ev.CreatedTime = time.Now()
	}
	l.list = append(l.list, e)
	if len(l.list) > eventCap {
		l.list = append([]types.BaseEvent(nil), l.list[len(l.list)-eventCap:]...)
	}
}

// post records an event as it stands.
func post(e types.BaseEvent) { events.add(e) }

// postAs records an event under the caller's name.
func postAs(c *call, e types.BaseEvent) {
	if c.session != nil {
		e.GetEvent().UserName = c.session.UserName
	}
	events.add(e)
}

// libraryEvents forwards what the library posts: its collector of one event is watched for changes.
type libraryEvents struct{}

func (libraryEvents) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "LabEvents", Value: "lab-events"}
}
func (libraryEvents) PutObject(mo.Reference)                    {}
func (libraryEvents) RemoveObject(types.ManagedObjectReference) {}
func (libraryEvents) UpdateObject(o mo.Reference, changes []types.PropertyChange) {
	for _, ch := range changes {
		if page, ok := ch.Val.(*types.ArrayOfEvent); ok && ch.Name == "latestPage" && len(page.Event) > 0 {
			events.add(page.Event[0])
		}
	}
}

func watchLibraryEvents() {
	m := simulator.Map.EventManager()
	ctx := libraryContext(nil)
	m.CreateCollectorForEvents(ctx, &types.CreateCollectorForEvents{Filter: types.EventFilterSpec{MaxCount: 1}})
	simulator.Map.AddHandler(libraryEvents{})
}

// eventCollector is a session's place in the event log.
type eventCollector struct {
	filter types.EventFilterSpec
	at     int32 // key of the last event read going forward
	page   int
}

func init() {
	reader("EventManager", "QueryEvents", func(c *call, r *types.QueryEvents) (interface{}, error) {
		return newestFirst(events.match(c, &r.Filter)), nil
	})
	reader("EventManager", "CreateCollectorForEvents", func(c *call, r *types.CreateCollectorForEvents) (interface{}, error) {
		spec, ok := r.Filter, true
		if !ok {
			return nil, invalidArgument("filter")
		}
		return c.session.put("EventHistoryCollector", &eventCollector{filter: spec, page: 10}), nil
	})
	reader("EventHistoryCollector", "ReadNextEvents", func(c *call, r *types.ReadNextEvents) (interface{}, error) {
		if r.MaxCount <= 0 || r.MaxCount > 1000 {
			return nil, invalidArgument("maxCount")
		}
		col := c.session.get(r.This).(*eventCollector)
		out := []types.BaseEvent{}
		for _, e := range events.match(c, &col.filter) {
			if e.GetEvent().Key > col.at && len(out) < int(r.MaxCount) {
				out = append(out, e)
				col.at = e.GetEvent().Key
			}
		}
		return out, nil
	})
	reader("HistoryCollector", "RewindCollector", func(c *call, r *types.RewindCollector) (interface{}, error) {
		c.session.get(r.This).(*eventCollector).at = 0
		return nil, nil
	})
	reader("HistoryCollector", "ResetCollector", func(c *call, r *types.ResetCollector) (interface{}, error) {
		c.session.get(r.This).(*eventCollector).at = events.key
		return nil, nil
	})
	reader("HistoryCollector", "SetCollectorPageSize", func(c *call, r *types.SetCollectorPageSize) (interface{}, error) {
		c.session.get(r.This).(*eventCollector).page = int(r.MaxCount)
		return nil, nil
	})
	reader("HistoryCollector", "DestroyCollector", func(c *call, r *types.DestroyCollector) (interface{}, error) {
		c.session.drop(r.This)
		return nil, nil
	})
	on("EventManager", "PostEvent", func(c *call, r *types.PostEvent) (interface{}, error) {
		r.EventToPost.GetEvent().CreatedTime = time.Now()
		postAs(c, r.EventToPost)
		return nil, nil
	})
	on("EventManager", "LogUserEvent", func(c *call, r *types.LogUserEvent) (interface{}, error) {
		postAs(c, &types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Event: types.Event{FullFormattedMessage: r.Msg}, Message: r.Msg}})
		return nil, nil
	})
	compute("EventHistoryCollector", "latestPage", func(c *call, ref types.ManagedObjectReference) interface{} {
		col := c.session.get(ref).(*eventCollector)
		all := newestFirst(events.match(c, &col.filter))
		if len(all) > col.page {
			all = all[:col.page]
		}
		return all
	})
	compute("EventManager", "latestEvent", func(c *call, _ types.ManagedObjectReference) interface{} {
		if n := len(events.list); n > 0 {
			return events.list[n-1]
		}
		return nil
	})
}

func newestFirst(in []types.BaseEvent) []types.BaseEvent {
	out := make([]types.BaseEvent, len(in))
	for i := range in {
		out[len(in)-1-i] = in[i]
	}
	return out
}

// match gives the events that a filter lets through, oldest first.
func (l *eventLog) match(c *call, f *types.EventFilterSpec) []types.BaseEvent {
	var out []types.BaseEvent
	for _, e := range l.list {
		if l.passes(c, e, f) {
			out = append(out, e)
		}
	}
	if n := int(f.MaxCount); n > 0 && len(out) > n {
		out = out[len(out)-n:]
	}
	if len(out) > 1000 && f.MaxCount == 0 && c.name == "QueryEvents" {
		out = out[len(out)-1000:] // real servers cap a query
	}
	return out
}

func (l *eventLog) passes(c *call, e types.BaseEvent, f *types.EventFilterSpec) bool {
	ev := e.GetEvent()
	if t := f.Time; t != nil {
		if t.BeginTime != nil && ev.CreatedTime.Before(*t.BeginTime) || t.EndTime != nil && ev.CreatedTime.After(*t.EndTime) {
			return false
		}
	}
	if u := f.UserName; u != nil && len(u.UserList) > 0 && !contains(u.UserList, ev.UserName) {
		return false
	}
	wanted := append(append([]string(nil), f.EventTypeId...), f.Type...)
	if len(wanted) > 0 && !isEventType(e, wanted) {
		return false
	}
	return f.Entity == nil || concerns(ev, f.Entity)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// isEventType matches the class, its bases, or the eventTypeId of an EventEx.
func isEventType(e types.BaseEvent, wanted []string) bool {
	if x, ok := e.(*types.EventEx); ok && contains(wanted, x.EventTypeId) {
		return true
	}
	for t := reflect.TypeOf(e).Elem(); ; t = t.Field(0).Type {
		if contains(wanted, t.Name()) || contains(wanted, "vim.event."+t.Name()) {
			return true
		}
		if t.NumField() == 0 || !t.Field(0).Anonymous {
			return false
		}
	}
}

// concerns says whether an event names the entity (or one under it, when the filter recurses).
func concerns(ev *types.Event, f *types.EventFilterSpecByEntity) bool {
	var named []types.ManagedObjectReference
	if ev.Vm != nil {
		named = append(named, ev.Vm.Vm)
	}
	if ev.Host != nil {
		named = append(named, ev.Host.Host)
	}
	if ev.ComputeResource != nil {
		named = append(named, ev.ComputeResource.ComputeResource)
	}
	if ev.Datacenter != nil {
		named = append(named, ev.Datacenter.Datacenter)
	}
	for _, ref := range named {
		if ref == f.Entity && f.Recursion != types.EventFilterSpecRecursionOptionChildren {
			return true
		}
		if f.Recursion != types.EventFilterSpecRecursionOptionSelf {
			for at := parentOf(ref); at != nil; at = parentOf(*at) {
				if *at == f.Entity {
					return true
				}
			}
		}
	}
	return f.Entity == rootRef() && f.Recursion == types.EventFilterSpecRecursionOptionAll
}
