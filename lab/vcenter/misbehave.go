package main

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// misconduct holds the switches with which a test makes this server behave badly. All are off at start.
type misconduct struct {
	mu          sync.Mutex
	DropAfter   int             `json:"drop_after"`   // end the session after so many calls (0: never)
	InflateTo   int             `json:"inflate_to"`   // pad property answers to so many bytes
	EntityBomb  bool            `json:"entity_bomb"`  // property answers carry nested entities
	SlowMs      int             `json:"slow_ms"`      // wait before each answer
	DeleteGuest bool            `json:"delete_guest"` // delete the next guest between two pages, once
	BadBytes    bool            `json:"bad_bytes"`    // U+F8FF in names goes out as bytes that are not UTF-8
	Status      int             `json:"status"`       // answer every call with this HTTP status
	Truncate    bool            `json:"truncate"`     // cut property answers in the middle
	Dead        map[string]bool `json:"dead"`         // hosts (reference values) that answer almost nothing
	Calls       map[string]int  `json:"-"`
}

var misbehave = &misconduct{Dead: map[string]bool{}, Calls: map[string]int{}}

// before runs ahead of a call; false when it has answered already.
func (m *misconduct) before(w http.ResponseWriter, c *call) bool {
	m.mu.Lock()
	m.Calls[c.name]++
	slow, status, drop := m.SlowMs, m.Status, m.DropAfter
	m.mu.Unlock()
	if slow > 0 {
		time.Sleep(time.Duration(slow) * time.Millisecond)
	}
	if status != 0 {
		http.Error(w, "lab: asked to fail", status)
		return false
	}
	if drop > 0 && c.session != nil && c.session.calls > drop {
		sessions.close(c.session.Key)
		c.session = nil
	}
	return true
}

var propertyCalls = map[string]bool{"RetrieveProperties": true, "RetrievePropertiesEx": true, "ContinueRetrievePropertiesEx": true}

// answer spoils an encoded answer as the switches say.
func (m *misconduct) answer(c *call, b []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.BadBytes {
		b = bytes.ReplaceAll(b, []byte("\uF8FF"), []byte{0xFF, 0xFE})
	}
	if !propertyCalls[c.name] {
		return b
	}
	if m.EntityBomb {
		b = bomb(b)
	}
	if m.InflateTo > len(b) {
		i := bytes.LastIndex(b, []byte("</soapenv:Body>"))
		pad := bytes.Repeat([]byte(padding), (m.InflateTo-len(b))/len(padding)+1)
		b = append(append(append([]byte(nil), b[:i]...), pad...), b[i:]...)
	}
	if m.Truncate {
		b = b[:len(b)/2]
	}
	return b
}

const padding = "<!-- padding padding padding padding padding padding padding -->\n"

// bomb declares ten levels of entities and uses the last one inside the body.
func bomb(b []byte) []byte {
	dtd := `<!DOCTYPE bomb [<!ENTITY e0 "lollollollollol">`
	for i := '1'; i <= '9'; i++ {
		dtd += "<!ENTITY e" + string(i) + ` "`
		for k := 0; k < 10; k++ {
			dtd += "&e" + string(i-1) + ";"
		}
		dtd += `">`
	}
	dtd += "]>\n"
	b = bytes.Replace(b, []byte("?>\n"), []byte("?>\n"+dtd), 1)
	return bytes.Replace(b, []byte(`xmlns="urn:vim25">`), []byte(`xmlns="urn:vim25">&e9;`), 1)
}

// liveWhenDead are the properties that a host which does not respond still has.
var liveWhenDead = map[string]bool{"name": true, "parent": true, "runtime.connectionState": true, "overallStatus": true, "configManager": true,
	"summary.config.name": true, "vm": true, "runtime.powerState": true, "customValue": true}

func (m *misconduct) dead(ref types.ManagedObjectReference) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.Dead) == 0 {
		return false
	}
	if h := hostOf[ref.Value]; h != nil {
		return m.Dead[h.Self.Value]
	}
	return m.Dead[ref.Value]
}

// betweenPages deletes the first guest that a later page would have shown.
func (m *misconduct) betweenPages(rest []types.ManagedObjectReference) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.DeleteGuest {
		return
	}
	for _, ref := range rest {
		if ref.Type == "VirtualMachine" {
			m.DeleteGuest = false
			simulator.Map.Remove(ref)
			return
		}
	}
}
