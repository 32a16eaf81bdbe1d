package main

import (
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// Property filters: the wanted set is read again after every change of the world and compared by hash.

var (
	worldVersion int64
	worldChanged = sync.NewCond(&sync.Mutex{})
)

func changed() {
	atomic.AddInt64(&worldVersion, 1)
	worldChanged.L.Lock()
	worldChanged.Broadcast()
	worldChanged.L.Unlock()
}

type propertyFilter struct {
	ref  types.ManagedObjectReference
	spec types.PropertyFilterSpec
	seen map[types.ManagedObjectReference]map[string]uint64
}

// collector is a session's property collector: its filters and how far they have been read.
type collector struct {
	filters []*propertyFilter
	version int
	world   int64
	cancel  bool
}

func (c *call) collector() *collector {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.objects["pc-"+c.this.Value].(*collector); ok {
		return o
	}
	o := &collector{}
	s.objects["pc-"+c.this.Value] = o
	return o
}

func init() {
	reader("PropertyCollector", "CreateFilter", func(c *call, r *types.CreateFilter) (interface{}, error) {
		if err := checkSpecs([]types.PropertyFilterSpec{r.Spec}); err != nil {
			return nil, err
		}
		f := &propertyFilter{spec: r.Spec, seen: map[types.ManagedObjectReference]map[string]uint64{}}
		pc := c.collector()
		f.ref = c.session.put("PropertyFilter", f)
		pc.filters = append(pc.filters, f)
		pc.world = -1
		return f.ref, nil
	})
	reader("PropertyCollector", "CreatePropertyCollector", func(c *call, r *types.CreatePropertyCollector) (interface{}, error) {
		return c.session.put("PropertyCollector", &collector{}), nil
	})
	reader("PropertyCollector", "DestroyPropertyCollector", func(c *call, r *types.DestroyPropertyCollector) (interface{}, error) {
		c.collector().cancel = true
		c.session.drop(r.This)
		return nil, nil
	})
	reader("PropertyFilter", "DestroyPropertyFilter", func(c *call, r *types.DestroyPropertyFilter) (interface{}, error) {
		c.session.mu.Lock()
		defer c.session.mu.Unlock()
		delete(c.session.objects, r.This.Value)
		for _, o := range c.session.objects {
			if pc, ok := o.(*collector); ok {
				for i, f := range pc.filters {
					if f.ref == r.This {
						pc.filters = append(pc.filters[:i:i], pc.filters[i+1:]...)
						break
					}
				}
			}
		}
		return nil, nil
	})
	on("PropertyCollector", "CancelWaitForUpdates", func(c *call, r *types.CancelWaitForUpdates) (interface{}, error) {
		c.collector().cancel = true
		changed()
		return nil, nil
	})
	on("PropertyCollector", "WaitForUpdatesEx", func(c *call, r *types.WaitForUpdatesEx) (interface{}, error) {
		limit := 1800 * time.Second
		if r.Options != nil && r.Options.MaxWaitSeconds != nil {
			limit = time.Duration(*r.Options.MaxWaitSeconds) * time.Second
		}
		return waitForUpdates(c, r.Version, limit)
	})
	on("PropertyCollector", "WaitForUpdates", func(c *call, r *types.WaitForUpdates) (interface{}, error) {
		return waitForUpdates(c, r.Version, 1800*time.Second)
	})
	on("PropertyCollector", "CheckForUpdates", func(c *call, r *types.CheckForUpdates) (interface{}, error) {
		return waitForUpdates(c, r.Version, 0)
	})
}

func waitForUpdates(c *call, version string, limit time.Duration) (interface{}, error) {
	pc := c.collector()
	if version == "" {
		pc.world, pc.version = -1, 0
		for _, f := range pc.filters {
			f.seen = map[types.ManagedObjectReference]map[string]uint64{}
		}
	} else if version != itoa(pc.version) {
		return nil, fail(&types.InvalidCollectorVersion{}, "The version is not known to this collector")
	}
	pc.cancel = false
	deadline := time.Now().Add(limit)
	for {
		now := atomic.LoadInt64(&worldVersion)
		if now != pc.world {
			pc.world = now
			if set := pc.changes(c); set != nil {
				return *set, nil
			}
		}
		if pc.cancel {
			return nil, fail(&types.RequestCanceled{}, "The wait was cancelled")
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, nil
		}
		sleepUntilChange(now, left)
	}
}

func sleepUntilChange(since int64, limit time.Duration) {
	if limit > 250*time.Millisecond {
		limit = 250 * time.Millisecond
	}
	t := time.AfterFunc(limit, func() {
		worldChanged.L.Lock()
		worldChanged.Broadcast()
		worldChanged.L.Unlock()
	})
	worldChanged.L.Lock()
	if atomic.LoadInt64(&worldVersion) == since {
		worldChanged.Wait()
	}
	worldChanged.L.Unlock()
	t.Stop()
}

// changes compares every filter with what it last gave; nil when nothing differs.
func (pc *collector) changes(c *call) *types.UpdateSet {
	world.RLock()
	defer world.RUnlock()
	set := &types.UpdateSet{}
	for _, f := range pc.filters {
		u := types.PropertyFilterUpdate{Filter: f.ref}
		specs := []types.PropertyFilterSpec{f.spec}
		s, err := pick(c, specs)
		if err != nil {
			continue
		}
		present := map[types.ManagedObjectReference]bool{}
		for _, ref := range s.order {
			got := collect(c, specs, ref)
			if got == nil {
				continue
			}
			present[ref] = true
			if o, ok := f.compare(got); ok {
				u.ObjectSet = append(u.ObjectSet, o)
			}
		}
		for ref := range f.seen {
			if !present[ref] {
				delete(f.seen, ref)
				u.ObjectSet = append(u.ObjectSet, types.ObjectUpdate{Kind: types.ObjectUpdateKindLeave, Obj: ref})
			}
		}
		if len(u.ObjectSet) > 0 {
			set.FilterSet = append(set.FilterSet, u)
		}
	}
	if len(set.FilterSet) == 0 {
		return nil
	}
	pc.version++
	set.Version = itoa(pc.version)
	return set
}

func (f *propertyFilter) compare(got *found) (types.ObjectUpdate, bool) {
	was, known := f.seen[got.ref]
	o := types.ObjectUpdate{Kind: types.ObjectUpdateKindEnter, Obj: got.ref}
	if known {
		o.Kind = types.ObjectUpdateKindModify
	}
	now := map[string]uint64{}
	for _, p := range got.props {
		e := &encoder{}
		e.element("val", p.val, true)
		h := fnv.New64a()
		_, _ = h.Write(e.Bytes())
		now[p.name] = h.Sum64()
		if old, ok := was[p.name]; !ok || old != now[p.name] {
			o.ChangeSet = append(o.ChangeSet, types.PropertyChange{Name: p.name, Op: types.PropertyChangeOpAssign, Val: p.val.Interface()})
		}
	}
	for name := range was {
		if _, ok := now[name]; !ok {
			o.ChangeSet = append(o.ChangeSet, types.PropertyChange{Name: name, Op: types.PropertyChangeOpAssign})
		}
	}
	f.seen[got.ref] = now
	return o, !known || len(o.ChangeSet) > 0
}
