// SPDX-License-Identifier: MIT
// The peer `go`: an echo server on package net: a goroutine a connection, on one processor (GOMAXPROCS 1) because the arms are compared on
// one core. TCP_NODELAY is Go's default; the keep-alives that are its default as well are off, as with the other arms.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
)

const tcpCongestion = 13

func serve(connection net.Conn, bytes int) {
	defer connection.Close()
	buffer := make([]byte, bytes)
	for {
		size, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:size]); err != nil {
			return
		}
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go:", err)
		os.Exit(1)
	}
}

func main() {
	listen := flag.String("listen", "tcp://127.0.0.1:0", "endpoint")
	bytes := flag.Int("buffer-bytes", 65536, "of the read buffer")
	congestion := flag.String("congestion-control", "cubic", "of the listener")
	flag.Int("connections", 1, "what the loader will open; not used")
	flag.Parse()
	runtime.GOMAXPROCS(1)

	network, address := "tcp", strings.TrimPrefix(*listen, "tcp://")
	if strings.HasPrefix(*listen, "unix:") {
		network, address = "unix", strings.TrimPrefix(*listen, "unix:")
	}
	config := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			if network == "tcp" {
				failed = syscall.SetsockoptString(int(fd), syscall.IPPROTO_TCP, tcpCongestion, *congestion)
			}
		})
		if err != nil {
			return err
		}
		return failed
	}}
	listener, err := config.Listen(context.Background(), network, address)
	fail(err)
	if network == "tcp" {
		fmt.Printf("listening tcp://%s\n", listener.Addr())
	} else {
		fmt.Printf("listening %s\n", *listen)
	}
	for {
		connection, err := listener.Accept()
		fail(err)
		go serve(connection, *bytes)
	}
}
