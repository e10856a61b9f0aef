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
	between  = 2
	barCells = 8
	timeLeft = 5 // of a countdown
)

// columnDrop lists what a narrow table goes without, in turn.
var columnDrop = [...]column{colRTO, colProgram, colRecvQ, colRetr}

// grid holds the width of each column; 0: not shown.
type grid struct{ width [columns]int }

// grid fits the columns into width cells. Addresses and programs get what they
// want as far as it goes, then they are cut.
func (d *dashboard) grid(width int, rows []row) grid {
	local, foreign, program := 15, 15, cells(columnHeads[colProgram])
	for i := range rows {
		c := rows[i].conn
		local = max(local, len(d.names.endpoint(c.Local)))
		foreign = max(foreign, len(d.names.endpoint(c.Remote)))
		program = max(program, cells(string(appendOwner(nil, c.Owner))))
	}
	least := [columns]int{colRecvQ: 6, colSendQ: 6, colLocal: 12, colForeign: 19, colState: 11, colProgram: 8, colRetr: 4, colRTO: 6, colGivesUp: 15}
	g := grid{width: least}
	over := func() int {
		n := gutter - between
		for _, w := range g.width {
			if w > 0 {
				n += between + w
			}
		}
		return n - (width - 1)
	}
	for _, c := range columnDrop {
		if over() > 0 {
			g.width[c] = 0
		}
	}
	if over() > 0 {
		g.width[colLocal], g.width[colForeign] = 8, 15
	}
	grow := func(c column, want int) {
		if g.width[c] > 0 {
			g.width[c] += max(min(want-g.width[c], -over()), 0)
		}
	}
	for _, enough := range [...]int{19, 21, 47} {
		grow(colForeign, min(foreign, enough))
		grow(colLocal, min(local, enough))
		grow(colProgram, min(program, enough))
		grow(colGivesUp, 21)
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
		at += w + between
	}
	return 0, false
}
