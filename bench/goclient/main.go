// Command goclient is the peer that viguard's collection is measured against: a govmomi client that reads the listed
// properties of every host and guest, page by page, into the library's typed objects. It keeps no page, like viguard:
// dropping them costs it least.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

var (
	address    = flag.String("url", "", "address of the API; user and password come from GOVC_USERNAME and GOVC_PASSWORD")
	properties = flag.String("properties", "", "JSON file: property paths by managed type")
	page       = flag.Int("page", 0, "objects of one request; 0: all in one")
	plain      = flag.Bool("plain", false, "ask for replies that are not compressed")
	facts      = flag.String("facts", "", "write what was read to this file, in the form of bench/facts.py")
)

func main() {
	flag.Parse()
	ctx := context.Background()
	asked := map[string][]string{}
	body, err := os.ReadFile(*properties)
	check(err)
	check(json.Unmarshal(body, &asked))
	at, err := url.Parse(*address)
	check(err)
	at.User = url.UserPassword(os.Getenv("GOVC_USERNAME"), os.Getenv("GOVC_PASSWORD"))
	client, err := govmomi.NewClient(ctx, at, true)
	check(err)
	client.Transport.(*http.Transport).DisableCompression = *plain
	container, err := view.NewManager(client.Client).CreateContainerView(ctx, client.ServiceContent.RootFolder,
		[]string{"HostSystem", "VirtualMachine"}, true)
	check(err)
	collector := property.DefaultCollector(client.Client)
	var members mo.ContainerView
	check(collector.RetrieveOne(ctx, container.Reference(), []string{"view"}, &members))
	refs := map[string][]types.ManagedObjectReference{}
	for _, ref := range members.View {
		refs[ref.Type] = append(refs[ref.Type], ref)
	}
	out := create(*facts)
	hosts, guests := 0, 0
	for _, part := range pages(refs["HostSystem"]) {
		var found []mo.HostSystem
		check(collector.Retrieve(ctx, part, asked["HostSystem"], &found))
		hosts += len(found)
		out.hosts(found)
	}
	for _, part := range pages(refs["VirtualMachine"]) {
		var found []mo.VirtualMachine
		check(collector.Retrieve(ctx, part, asked["VirtualMachine"], &found))
		guests += len(found)
		out.guests(found)
	}
	out.close()
	check(client.Logout(ctx))
	fmt.Printf("%d hosts, %d guests\n", hosts, guests)
}

func pages(refs []types.ManagedObjectReference) [][]types.ManagedObjectReference {
	size := *page
	if size == 0 {
		size = len(refs)
	}
	var out [][]types.ManagedObjectReference
	for len(refs) > size {
		out, refs = append(out, refs[:size]), refs[size:]
	}
	return append(out, refs)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
