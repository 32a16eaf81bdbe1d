// Command vcenter is the lab's vSphere server: a real SOAP API on loopback over the simulator library of govmomi,
// made as strict as a real server. Built offline in GOPATH mode; see lab/README.md.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var (
	listen     = flag.String("listen", "127.0.0.1:0", "address to serve on")
	tableFile  = flag.String("tables", "", "version and privilege tables (tables.py)")
	estateFile = flag.String("estate", "", "inventory to serve, JSON")
	benchSpec  = flag.String("bench", "", "HOSTS,GUESTS,SEED: a generated estate instead of the inventory's objects")
	apiVersion = flag.String("api", "", "API version (default: the estate's)")
	pageLimit  = flag.Int("page-limit", 1000, "most objects in one RetrievePropertiesEx answer")
	compress   = flag.Bool("gzip", true, "compress answers for clients that ask")
	parent     = flag.Int("parent", 0, "process id to die with")
	state      = flag.String("state", "", "directory for datastore files (default: a temporary one)")
	verbose    = flag.Bool("v", false, "log the library's chatter")
)

func main() {
	flag.Parse()
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	started := time.Now()
	estate, err := readEstate(*estateFile)
	check(err)
	if *apiVersion != "" {
		estate.API = *apiVersion
		estate.About["apiVersion"] = *apiVersion
	}
	check(loadTables(*tableFile, estate.API))
	if tables.APIs[estate.API] == nil {
		log.Fatalf("unknown API version %q", estate.API)
	}
	mux := startService(estate)
	if *benchSpec != "" {
		check(bench(estate, *benchSpec))
	}
	if !*verbose {
		log.SetOutput(quiet{os.Stderr})
	}
	listener, err := net.Listen("tcp", *listen)
	check(err)
	server := &http.Server{Handler: mux, ErrorLog: log.New(quiet{os.Stderr}, "", 0)}
	config, err := tlsConfig()
	check(err)
	server.TLSConfig = config
	go func() { check(server.ServeTLS(listener, "", "")) }()
	fmt.Printf("ready %s %d objects %.2f s\n", listener.Addr(), countObjects(), time.Since(started).Seconds())
	wait()
	cleanState()
}

// wait returns on a signal or when the parent has died.
func wait() {
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM)
	tick := time.NewTicker(time.Second)
	for {
		select {
		case <-sig:
			return
		case <-tick.C:
			if *parent != 0 && syscall.Kill(*parent, 0) == syscall.ESRCH {
				return
			}
		}
	}
}

// quiet drops the library's log lines and keeps panics.
type quiet struct{ to *os.File }

func (q quiet) Write(b []byte) (int, error) {
	if len(b) > 16 && (string(b[16:21]) == "panic") {
		return q.to.Write(b)
	}
	return len(b), nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "vcenter:", err)
		os.Exit(1)
	}
}
