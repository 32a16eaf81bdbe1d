package main

import (
	"strconv"

	"github.com/vmware/govmomi/vim25/types"
)

// pageToken is the rest of a retrieval that did not fit into one answer.
type pageToken struct {
	specs []types.PropertyFilterSpec
	refs  []types.ManagedObjectReference
	size  int
}

func init() {
	on("PropertyCollector", "RetrieveProperties", func(c *call, r *types.RetrieveProperties) (interface{}, error) {
		return retrieveOld(c, r.SpecSet)
	})
	on("PropertyCollector", "RetrievePropertiesEx", func(c *call, r *types.RetrievePropertiesEx) (interface{}, error) {
		if r.Options.MaxObjects < 0 {
			return nil, invalidArgument("options.maxObjects")
		}
		return retrieveEx(c, r.SpecSet, int(r.Options.MaxObjects))
	})
	on("PropertyCollector", "ContinueRetrievePropertiesEx", func(c *call, r *types.ContinueRetrievePropertiesEx) (interface{}, error) {
		t := c.session.takeToken(r.Token)
		if t == nil {
			return nil, invalidArgument("token")
		}
		world.RLock()
		defer world.RUnlock()
		return page(c, t), nil
	})
	on("PropertyCollector", "CancelRetrievePropertiesEx", func(c *call, r *types.CancelRetrievePropertiesEx) (interface{}, error) {
		if c.session.takeToken(r.Token) == nil {
			return nil, invalidArgument("token")
		}
		return nil, nil
	})
}

func (s *session) takeToken(token string) *pageToken {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, _ := s.objects["token-"+token].(*pageToken)
	delete(s.objects, "token-"+token)
	return t
}

func (s *session) giveToken(t *pageToken) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	token := strconv.Itoa(s.next)
	s.objects["token-"+token] = t
	return token
}

// retrieveOld answers RetrieveProperties: everything at once, and a lacking privilege fails the whole call.
func retrieveOld(c *call, specs []types.PropertyFilterSpec) (interface{}, error) {
	world.RLock()
	defer world.RUnlock()
	if err := checkSpecs(specs); err != nil {
		return nil, err
	}
	s, err := pick(c, specs)
	if err != nil {
		return nil, err
	}
	e := &encoder{}
	e.WriteString(envelopeHead + `<RetrievePropertiesResponse xmlns="urn:vim25">`)
	for _, ref := range s.order {
		f := collect(c, specs, ref)
		if f == nil {
			continue
		}
		if len(f.missing) > 0 {
			return nil, f.missing[0].fault
		}
		e.found("returnval", f)
	}
	e.WriteString("</RetrievePropertiesResponse>" + envelopeTail)
	return e.Bytes(), nil
}

// retrieveEx answers RetrievePropertiesEx: in pages, and a lacking privilege lands in missingSet.
func retrieveEx(c *call, specs []types.PropertyFilterSpec, max int) (interface{}, error) {
	world.RLock()
	defer world.RUnlock()
	if err := checkSpecs(specs); err != nil {
		return nil, err
	}
	s, err := pick(c, specs)
	if err != nil {
		return nil, err
	}
	if max == 0 || max > *pageLimit {
		max = *pageLimit
	}
	return page(c, &pageToken{specs: specs, refs: s.order, size: max}), nil
}

// page encodes the next objects of a retrieval; objects deleted since are passed over.
func page(c *call, t *pageToken) []byte {
	e := &encoder{}
	name := c.name + "Response"
	e.WriteString(envelopeHead + "<" + name + ` xmlns="urn:vim25">`)
	body := &encoder{}
	n := 0
	for n < t.size && len(t.refs) > 0 {
		if f := collect(c, t.specs, t.refs[0]); f != nil {
			body.found("objects", f)
			n++
		}
		t.refs = t.refs[1:]
	}
	if n > 0 || len(t.refs) > 0 {
		e.WriteString("<returnval>")
		if len(t.refs) > 0 && c.session != nil {
			e.WriteString("<token>" + c.session.giveToken(t) + "</token>")
			misbehave.betweenPages(t.refs)
		}
		_, _ = e.Write(body.Bytes())
		e.WriteString("</returnval>")
	}
	e.WriteString("</" + name + ">" + envelopeTail)
	return e.Bytes()
}
