package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tcpwatch/tcpwatch/capture"
)

// wholePacket is the snapshot length that cuts no packet: tcpdump's default.
const wholePacket = 262144

// flags are what the command line asks for.
type flags struct {
	iface       string
	list        bool
	read        string
	write       string
	fileSize    int // -C, millions of bytes
	files       int // -W
	netns       string
	count       uint64
	bufferKiB   int
	filterFile  string
	snaplen     int
	promiscuous bool
	ipv4, ipv6  bool
	pid         int
	interval    time.Duration
	once        bool
	json        bool
	duration    time.Duration
	demo        bool
	utc         bool
	resolve     bool
	ownSSH      bool

	expression string
}

// misuse is an error of whoever typed the command: exit status 2.
type misuse struct{ error }

func misused(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

func (m misuse) Unwrap() error { return m.error }

// command returns the command line; run is called with what it asks for.
func command(run func(*flags) error) *cobra.Command {
	f := new(flags)
	c := &cobra.Command{
		Use:   "tcpwatch [flags] [expression]",
		Short: "see which TCP peer has gone silent, and when Linux will give up on it",
		Long: `tcpwatch joins what tcpdump sees with what netstat knows: which side of a TCP
connection has gone silent, since when, how the retransmissions back off, and
the moment at which the kernel will give up on it.

The expression is pcap-filter(7)'s, unquoted, anywhere among the flags. It rules
packets and sockets alike.`,
		Example: `  tcpwatch -i eth1 port 12345     the dashboard
  tcpwatch --json host 10.0.0.5   events, a JSON object a line
  tcpwatch --once                 the socket table, once, with deadlines
  tcpwatch -r stall.pcap          a capture
  sudo tcpwatch --demo            a connection dies in half a minute
  source <(tcpwatch completion bash)`,
		Args:              cobra.ArbitraryArgs,
		Version:           version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			f.expression = strings.Join(args, " ")
			if err := f.check(c.Flags()); err != nil {
				return err
			}
			return run(f)
		},
	}
	c.SetVersionTemplate("tcpwatch {{.Version}}\n")
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misuse{err} })
	f.bind(c.Flags())
	_ = c.RegisterFlagCompletionFunc("interface", interfaceNames)
	return c
}

// interfaceNames completes -i.
func interfaceNames(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list, err := capture.Interfaces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []cobra.Completion
	for _, i := range list {
		names = append(names, i.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// bind declares the flags, by tcpdump's letters where tcpdump has one.
func (f *flags) bind(s *pflag.FlagSet) {
	var accepted bool
	s.SortFlags = false
	s.StringVarP(&f.iface, "interface", "i", "any", "capture on `NAME`")
	s.BoolVarP(&f.list, "list-interfaces", "D", false, "list the interfaces and exit")
	s.StringVarP(&f.read, "read", "r", "", "replay a capture or a saved session from `FILE`; - is stdin")
	s.StringVarP(&f.write, "write", "w", "", "record the session to `FILE` as it runs; - is stdout")
	s.IntVarP(&f.fileSize, "file-size", "C", 0, "with -w: start a new file after `MB` million bytes")
	s.IntVarP(&f.files, "file-count", "W", 0, "with -C: keep `N` files at the most, overwriting the oldest")
	s.StringVar(&f.netns, "netns", "", "watch another network namespace, by `NAME|PATH|PID`")
	s.BoolVarP(&accepted, "numeric", "n", false, "accepted: addresses are numbers unless --resolve asks for names")
	s.Uint64VarP(&f.count, "count", "c", 0, "exit after `N` packets")
	s.IntVarP(&f.bufferKiB, "buffer-size", "B", 0, "capture buffer in `KIB`")
	s.StringVarP(&f.filterFile, "filter-file", "F", "", "read the expression from `FILE`; one on the command line is ignored")
	s.IntVarP(&f.snaplen, "snapshot-length", "s", 192, "capture `LEN` bytes of each packet, 0: all; headers are what is needed")
	s.BoolVarP(&accepted, "no-promiscuous-mode", "p", false, "accepted: promiscuous mode is off unless --promiscuous")
	s.BoolVar(&f.promiscuous, "promiscuous", false, "put the interface into promiscuous mode")
	s.BoolVarP(&f.ipv4, "ipv4", "4", false, "IPv4 connections only")
	s.BoolVarP(&f.ipv6, "ipv6", "6", false, "IPv6 connections only")
	s.IntVar(&f.pid, "pid", 0, "connections of process `N` only")
	s.DurationVar(&f.interval, "interval", 0, "time between two dumps of the socket table; 0 adapts to their cost")
	s.BoolVar(&f.once, "once", false, "print the socket table with its deadlines, once, and exit")
	s.BoolVar(&f.json, "json", false, "print events, a JSON object a line")
	s.DurationVar(&f.duration, "for", 0, "stop after this long")
	s.BoolVar(&f.demo, "demo", false, "make two hosts, cut one off, and watch")
	s.BoolVar(&f.utc, "utc", false, "times in UTC; else local (JSON is always UTC)")
	s.BoolVar(&f.resolve, "resolve", false, "show names for addresses on the dashboard, as key d does; lines and JSON keep numbers")
	s.BoolVar(&f.ownSSH, "own-ssh", false, "with any: show the ssh session that tcpwatch itself runs in, too")
	s.Bool("version", false, "print the version and exit") // no -v, which is tcpdump's for more words
}

// check finds what cannot be meant.
func (f *flags) check(s *pflag.FlagSet) error {
	switch {
	case f.read != "" && (f.demo || f.once || f.netns != "" || s.Changed("interface")):
		return misused("-r replays a file: it excludes -i, --netns, --once and --demo")
	case f.read != "" && f.write != "":
		return misused("-w records what is live: it excludes -r")
	case f.demo && (f.once || f.netns != "" || s.Changed("interface")):
		return misused("--demo makes its own hosts: it excludes -i, --netns and --once")
	case f.once && f.json:
		return misused("--once prints a table: it excludes --json")
	case f.write == "-" && f.json:
		return misused("-w - writes to stdout, and so does --json: choose one")
	case f.once && f.write != "":
		return misused("--once records nothing: it excludes -w")
	case f.ipv4 && f.ipv6:
		return misused("-4 and -6 exclude each other")
	case f.snaplen != 0 && f.snaplen < 64 || f.snaplen > wholePacket:
		return misused("-s %d: a snapshot length is 64 to %d bytes, or 0 for all", f.snaplen, wholePacket)
	case f.bufferKiB < 0 || f.bufferKiB > 4<<20:
		return misused("-B %d: a buffer is 1 to %d KiB", f.bufferKiB, 4<<20)
	case f.interval < 0 || f.interval > 0 && f.interval < 10*time.Millisecond:
		return misused("--interval %v: at least 10ms", f.interval)
	case f.duration < 0:
		return misused("--for %v: a duration is positive", f.duration)
	case f.pid < 0:
		return misused("--pid %d: a process id is positive", f.pid)
	case f.files > 0 && f.fileSize == 0:
		return misused("-W counts the files of -C: give both")
	case f.fileSize < 0 || f.files < 0:
		return misused("-C and -W are positive")
	case f.fileSize > 0 && (f.write == "" || f.write == "-"):
		return misused("-C splits the file of -w: give one")
	}
	if f.snaplen == 0 {
		f.snaplen = wholePacket
	}
	if f.filterFile != "" {
		b, err := os.ReadFile(f.filterFile)
		if err != nil {
			return fmt.Errorf("read expression: %w", err)
		}
		f.expression = strings.TrimSpace(string(b))
	}
	return nil
}
