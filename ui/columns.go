package ui

// column is one of the table's columns.
type column uint8

const (
	colRecvQ column = iota
	colSendQ
	colLocal
	colForeign
	colState
	colProgram
	colRetr
	colRTO
	colGivesUp
	columns
)

var columnHeads = [columns]string{"Recv-Q", "Send-Q", "Local", "Foreign", "State", "PID/Program", "Retr", "RTO", "Gives up in"}

// columnOrder is what a click on a head sorts by.
var columnOrder = [columns]order{byRecvQ, bySendQ, byLocal, byForeign, byState, byProgram, byRetr, byRTO, byUrgency}

// Cells of the parts of a row.
const (
	gutter   = 2 // the selection's bar
	barCells = 8
	timeLeft = 5 // of a countdown
)

// columnDrop lists what a narrow table goes without, in turn, for the sake of
// whole addresses.
var columnDrop = [...]column{colRTO, colProgram, colRecvQ, colRetr}

// ipv4Cells is what the longest IPv4 address takes with its port.
const ipv4Cells = len("255.255.255.255:65535")

// grid holds the width of each column (0: not shown), and what is between two.
type grid struct {
	width   [columns]int
	between int
}

// grid fits the columns into width cells. IPv4 addresses come first: for them
// columns move together, and some are left out. Names, IPv6 addresses and programs
// get what is left, and are cut.
func (d *dashboard) grid(width int, rows []row) grid {
	local, foreign, program := 12, 12, cells(columnHeads[colProgram])
	for i := range rows {
		c := rows[i].conn
		local = max(local, len(d.names.endpoint(c.Local)))
		foreign = max(foreign, len(d.names.endpoint(c.Remote)))
		program = max(program, cells(string(appendOwner(nil, c.Owner))))
	}
	g := grid{between: 2, width: [columns]int{colRecvQ: 6, colSendQ: 6, colLocal: min(local, ipv4Cells), colForeign: min(foreign, ipv4Cells),
		colState: 11, colProgram: 8, colRetr: 4, colRTO: 6, colGivesUp: 15}}
	over := func() int {
		n := gutter - g.between
		for _, w := range g.width {
			if w > 0 {
				n += g.between + w
			}
		}
		return n - (width - 1)
	}
	for _, c := range columnDrop {
		if over() > 0 && c == colRecvQ {
			g.between = 1
		}
		if over() > 0 {
			g.width[c] = 0
		}
	}
	for _, c := range [...]column{colLocal, colForeign} {
		g.width[c] -= max(min(over(), g.width[c]-8), 0)
	}
	grow := func(c column, want int) {
		if g.width[c] > 0 {
			g.width[c] += max(min(want-g.width[c], -over()), 0)
		}
	}
	for _, enough := range [...]int{ipv4Cells, 47} {
		grow(colForeign, min(foreign, enough))
		grow(colLocal, min(local, enough))
		grow(colProgram, min(program, enough))
		grow(colGivesUp, 22)
	}
	return g
}

// columnAt returns the column at cell x.
func (g *grid) columnAt(x int) (column, bool) {
	at := gutter
	for c, w := range g.width {
		if w == 0 {
			continue
		}
		if x >= at-1 && x < at+w+1 {
			return column(c), true
		}
		at += w + g.between
	}
	return 0, false
}
