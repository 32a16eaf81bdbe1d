package main

import (
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
)

// failure is a SOAP fault on its way to the client.
type failure struct {
	fault   types.BaseMethodFault
	message string
}

func (f *failure) Error() string { return f.message }

func fail(fault types.BaseMethodFault, message string) *failure {
	return &failure{fault, message}
}

func invalidArgument(name string) *failure {
	return fail(&types.InvalidArgument{InvalidProperty: name}, "A specified parameter was not correct: "+name)
}

func notFound(what string) *failure {
	return fail(&types.NotFound{}, "The object or item referred to could not be found: "+what)
}

func noPermission(on types.ManagedObjectReference, privilege string) *failure {
	return fail(&types.NoPermission{Object: on, PrivilegeId: privilege}, "Permission to perform this operation was denied.")
}

func gone(ref types.ManagedObjectReference) *failure {
	return fail(&types.ManagedObjectNotFound{Obj: ref},
		"The object '"+ref.Type+":"+ref.Value+"' has already been deleted or has not been completely created")
}

const envelopeHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
	`<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"` +
	` xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + "\n<soapenv:Body>\n"

const envelopeTail = "\n</soapenv:Body>\n</soapenv:Envelope>\n"

func encodeFault(f *failure) []byte {
	e := &encoder{}
	v := indirect(reflect.ValueOf(f.fault))
	v, ok := allowedType(v)
	name := "RuntimeFault"
	if ok {
		name = wireName(v.Type())
	}
	e.WriteString(envelopeHead + `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>`)
	e.text(f.message)
	e.WriteString(`</faultstring><detail><` + name + `Fault xmlns="urn:vim25" xsi:type="` + name + `">`)
	if ok {
		e.fields(v)
	}
	e.WriteString(`</` + name + `Fault></detail></soapenv:Fault>` + envelopeTail)
	return e.Bytes()
}

// encodeAnswer wraps a method's result: nil (void), a response struct of the library, or the bare return value.
func encodeAnswer(name string, result interface{}) []byte {
	e := &encoder{}
	e.Grow(4096)
	e.WriteString(envelopeHead + `<` + name + `Response xmlns="urn:vim25">`)
	if v := indirect(reflect.ValueOf(result)); v.IsValid() {
		one, single := v.Interface().(fetched)
		switch {
		case single:
			e.element("returnval", one.value, true)
		case v.Kind() == reflect.Struct && v.Type().Name() == name+"Response":
			e.fields(v)
		case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
			for i := 0; i < v.Len(); i++ {
				e.element("returnval", v.Index(i), false)
			}
		default:
			e.element("returnval", v, true)
		}
	}
	e.WriteString(`</` + name + `Response>` + envelopeTail)
	return e.Bytes()
}
