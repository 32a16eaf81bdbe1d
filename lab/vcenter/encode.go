package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vmware/govmomi/vim25/types"
)

// The encoder writes SOAP for one API version: fields and types that are newer are left out, as a real server does.
// The library's own encoder knows nothing of versions (and is slower).

type fieldPlan struct {
	index     []int
	name      string
	omitempty bool
	bytes     bool // a list of byte elements, not base64
}

type structPlan struct {
	wire   string
	fields []fieldPlan
	byName map[string]*fieldPlan
}

var plans sync.Map // reflect.Type -> *structPlan

func wireName(t reflect.Type) string {
	return t.Name()
}

func planOf(t reflect.Type) *structPlan {
	if p, ok := plans.Load(t); ok {
		return p.(*structPlan)
	}
	p := &structPlan{wire: wireName(t), byName: map[string]*fieldPlan{}}
	p.add(t, nil)
	for i := range p.fields {
		p.byName[p.fields[i].name] = &p.fields[i]
	}
	plans.Store(t, p)
	return p
}

func (p *structPlan) add(t reflect.Type, at []int) {
	managed := path.Base(t.PkgPath()) == "mo"
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		index := append(append([]int(nil), at...), i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			p.add(f.Type, index)
			continue
		}
		if !f.IsExported() || f.Name == "Self" || f.Name == "XMLName" {
			continue
		}
		tag := f.Tag.Get("xml")
		if managed {
			tag = f.Tag.Get("mo")
		}
		parts := strings.Split(tag, ",")
		fp := fieldPlan{index: index, name: parts[0]}
		if fp.name == "" || fp.name == "-" || strings.Contains(tag, ",attr") {
			if fp.name == "" && managed {
				fp.name = lower(f.Name)
			} else {
				continue
			}
		}
		for _, o := range parts[1:] {
			fp.omitempty = fp.omitempty || o == "omitempty"
		}
		if !managed {
			declaring := t.Name()
			if known, _ := tables.dataType(declaring); known {
				row, ok := tables.dataProp(declaring, fp.name)
				if !ok {
					continue // newer than this endpoint's API
				}
				fp.bytes = row.Type == "byte[]"
			}
		}
		p.fields = append(p.fields, fp)
	}
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

type encoder struct {
	bytes.Buffer
}

var (
	timeType = reflect.TypeOf(time.Time{})
	refType  = reflect.TypeOf(types.ManagedObjectReference{})
)

func (e *encoder) text(s string) {
	last := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		var esc string
		switch {
		case r == '<':
			esc = "&lt;"
		case r == '>':
			esc = "&gt;"
		case r == '&':
			esc = "&amp;"
		case r == '"':
			esc = "&#34;"
		case r == '\r':
			esc = "&#xD;"
		case r < 0x20 && r != '\n' && r != '\t', r == utf8.RuneError && n == 1, r == 0xFFFE, r == 0xFFFF:
			esc = "\uFFFD"
		default:
			i += n
			continue
		}
		e.WriteString(s[last:i])
		e.WriteString(esc)
		i += n
		last = i
	}
	e.WriteString(s[last:])
}

func (e *encoder) open(name, xsiType string) {
	e.WriteByte('<')
	e.WriteString(name)
	if xsiType != "" {
		e.WriteString(` xsi:type="`)
		e.WriteString(xsiType)
		e.WriteByte('"')
	}
	e.WriteByte('>')
}

func (e *encoder) close(name string) {
	e.WriteString("</")
	e.WriteString(name)
	e.WriteByte('>')
}

// xsiType names the type of a value for xsi:type.
func xsiType(v reflect.Value) string {
	t := v.Type()
	switch {
	case t == timeType:
		return "xsd:dateTime"
	case t == refType:
		return "ManagedObjectReference"
	case t.PkgPath() != "":
		return wireName(t)
	}
	switch t.Kind() {
	case reflect.String:
		return "xsd:string"
	case reflect.Bool:
		return "xsd:boolean"
	case reflect.Int32, reflect.Int:
		return "xsd:int"
	case reflect.Int64:
		return "xsd:long"
	case reflect.Int16:
		return "xsd:short"
	case reflect.Uint8, reflect.Int8:
		return "xsd:byte"
	case reflect.Float32:
		return "xsd:float"
	case reflect.Float64:
		return "xsd:double"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "xsd:base64Binary"
		}
		return "ArrayOf" + itemName(t.Elem(), true)
	}
	return ""
}

// itemName is the element name of a list's items: HostService, string, ManagedObjectReference ...
func itemName(t reflect.Type, title bool) string {
	if t.Kind() == reflect.Ptr {
		t = t.Elem()
	}
	name := strings.TrimPrefix(t.Name(), "Base")
	switch t.Kind() {
	case reflect.String, reflect.Int32, reflect.Int64, reflect.Int16, reflect.Uint8, reflect.Bool:
		if t.PkgPath() == "" {
			name = map[reflect.Kind]string{reflect.String: "string", reflect.Int32: "int", reflect.Int64: "long",
				reflect.Int16: "short", reflect.Uint8: "byte", reflect.Bool: "boolean"}[t.Kind()]
			if title {
				name = strings.ToUpper(name[:1]) + name[1:]
			}
		}
	}
	return name
}

func indirect(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Ptr || v.Kind() == reflect.Interface) {
		if v.IsNil() {
			return reflect.Value{}
		}
		v = v.Elem()
	}
	return v
}

// allowedType climbs from a struct whose type is newer than the API to the nearest base that the API knows.
func allowedType(v reflect.Value) (reflect.Value, bool) {
	for v.Kind() == reflect.Struct && v.Type() != timeType && v.Type() != refType {
		known, allowed := tables.dataType(wireName(v.Type()))
		if !known || allowed {
			return v, true
		}
		if v.NumField() == 0 || !v.Type().Field(0).Anonymous || v.Type().Field(0).Name == "DynamicData" {
			return v, false
		}
		v = v.Field(0)
	}
	return v, true
}

// element writes <name>value</name>; typed adds xsi:type.
func (e *encoder) element(name string, v reflect.Value, typed bool) {
	if v.Kind() == reflect.Interface {
		typed = true
	}
	v = indirect(v)
	if !v.IsValid() {
		return
	}
	if d, ok := v.Interface().(dynamic); ok {
		e.dynamic(name, d)
		return
	}
	v, ok := allowedType(v)
	if !ok {
		return
	}
	xt := ""
	if typed {
		xt = xsiType(v)
	}
	switch {
	case v.Type() == timeType:
		e.open(name, xt)
		e.WriteString(v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05.999999Z"))
		e.close(name)
	case v.Type() == refType:
		r := v.Interface().(types.ManagedObjectReference)
		e.WriteByte('<')
		e.WriteString(name)
		e.WriteString(` type="`)
		e.text(r.Type)
		e.WriteByte('"')
		if typed {
			e.WriteString(` xsi:type="ManagedObjectReference"`)
		}
		e.WriteByte('>')
		e.text(r.Value)
		e.close(name)
	case v.Kind() == reflect.Struct:
		e.open(name, xt)
		e.fields(v)
		e.close(name)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		e.open(name, xt)
		e.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
		e.close(name)
	case v.Kind() == reflect.Slice:
		e.open(name, xt)
		item := itemName(v.Type().Elem(), false)
		for i := 0; i < v.Len(); i++ {
			e.element(item, v.Index(i), true)
		}
		e.close(name)
	default:
		e.open(name, xt)
		e.scalar(v)
		e.close(name)
	}
}

func (e *encoder) scalar(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		e.text(v.String())
	case reflect.Bool:
		e.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.WriteString(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		e.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	default:
		panic(fmt.Sprintf("cannot encode %s", v.Type()))
	}
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Ptr, reflect.Interface:
		return v.IsNil()
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Bool:
		return !v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int() == 0
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint() == 0
	case reflect.Float32, reflect.Float64:
		return v.Float() == 0
	}
	return false
}

// fields writes the members of a struct in declaration order, then what the library's struct has no field for.
func (e *encoder) fields(v reflect.Value) {
	p := planOf(v.Type())
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.FieldByIndex(f.index)
		if f.omitempty && empty(fv) {
			continue
		}
		if fv.Type() == timeType && fv.Interface().(time.Time).IsZero() {
			continue
		}
		if fv.Kind() == reflect.String && fv.Len() == 0 && fv.Type().PkgPath() != "" {
			continue // an unset enumeration has no legal text
		}
		if fv.Kind() == reflect.Slice && (f.bytes || fv.Type().Elem().Kind() != reflect.Uint8) {
			for j := 0; j < fv.Len(); j++ {
				e.element(f.name, fv.Index(j), false)
			}
			continue
		}
		e.element(f.name, fv, false)
	}
	if v.CanAddr() {
		for _, x := range extrasOf(v.Addr().Pointer()) {
			if _, ok := tables.dataProp(p.wire, x.name); ok {
				e.element(x.name, reflect.ValueOf(x.value), false)
			}
		}
	}
}
