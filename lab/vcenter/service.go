package main

import (
	"net/http"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/vpx"
	_ "github.com/vmware/govmomi/vapi/simulator" // tags are REST
	"github.com/vmware/govmomi/vim25/types"
)

// startService makes the service instance, fills the inventory and gives the HTTP routes.
func startService(estate *estateFileShape) http.Handler {
	content := vpx.ServiceContent
	root := vpx.RootFolder
	service := simulator.New(simulator.NewServiceInstance(content, root))
	serviceInstance = simulator.Map.Get(types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"}).(*simulator.ServiceInstance)
	addManagers(&serviceInstance.Content)
	authority.system()
	estate.fill()
	watchLibraryEvents()
	mux := http.NewServeMux()
	mux.HandleFunc("/sdk", serveSOAP)
	mux.HandleFunc("/sdk/", serveSOAP)
	mux.HandleFunc("/sdk/vimServiceVersions.xml", serveVersions(estate.API))
	mux.HandleFunc("/lab/", serveControl)
	if serviceInstance.Content.About.ApiType == "VirtualCenter" {
		mux.Handle("/rest/", restAPI(service))
	}
	return mux
}

// restAPI is the library's tag API; its own server is made only to have it registered.
func restAPI(service *simulator.Service) http.Handler {
	first := url.UserPassword("nobody", "nobody")
	for _, a := range sessions.accounts {
		if authority.may(a, rootRef(), "Global.Settings") {
			first = url.UserPassword(a.User, a.Password)
		}
	}
	service.Listen = &url.URL{Host: "127.0.0.1:0", User: first}
	service.RegisterEndpoints = true
	service.ServeMux = http.NewServeMux()
	options := simulator.Map.Get(*serviceInstance.Content.Setting).(*simulator.OptionManager)
	own := options.Setting
	inner := service.NewServer()
	_ = inner.Server.Listener.Close()
	options.Setting = own // the library adds a setting that names itself
	return restLogin(service.ServeMux)
}

// addManagers puts the managers that the library's content lacks.
func addManagers(content *types.ServiceContent) {
	for _, ref := range []**types.ManagedObjectReference{&content.ScheduledTaskManager, &content.AlarmManager} {
		if *ref == nil {
			kind := "ScheduledTaskManager"
			if ref == &content.AlarmManager {
				kind = "AlarmManager"
			}
			*ref = &types.ManagedObjectReference{Type: kind, Value: kind}
		}
	}
}

func countObjects() int { return len(simulator.Map.All("")) }

var stateDir string

// datastoreDir gives a real directory for a datastore: the library writes VM files on clone and create.
func datastoreDir(id string) string {
	if stateDir == "" {
		stateDir = *state
		if stateDir == "" {
			stateDir, _ = os.MkdirTemp("", "lab-vcenter-")
		}
	}
	dir := stateDir + "/" + id
	_ = os.MkdirAll(dir, 0o700)
	return dir
}

func cleanState() {
	if stateDir != "" {
		_ = os.RemoveAll(stateDir)
	}
}
