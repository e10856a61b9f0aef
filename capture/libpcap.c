#include "libpcap.h"

#include <string.h>
#include <time.h>

struct collector {
	struct tw_frame *frames;
	unsigned char *bytes;
	size_t size, used;
	int max, count;
	int64_t unit; // nanoseconds of a timestamp's fraction
};

static void collect(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct collector *c = (struct collector *)user;
	if (c->count == c->max || c->size - c->used < h->caplen)
		return; // more or longer frames than asked for, which libpcap never gives
	c->frames[c->count++] = (struct tw_frame){
		.wall = (int64_t)h->ts.tv_sec * 1000000000 + (int64_t)h->ts.tv_usec * c->unit,
		.captured = h->caplen,
		.length = h->len,
	};
	memcpy(c->bytes + c->used, bytes, h->caplen);
	c->used += h->caplen;
}

static int64_t now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// read_clocks reads both clocks at one moment: of a few tries, the one that was
// interrupted the least.
static void read_clocks(struct tw_result *r)
{
	int64_t best = INT64_MAX;
	for (int i = 0; i < 3; i++) {
		int64_t before = now(CLOCK_MONOTONIC), wall = now(CLOCK_REALTIME);
		int64_t took = now(CLOCK_MONOTONIC) - before;
		if (took < best) {
			best = took;
			r->monotonic = before + took / 2;
			r->wall = wall;
		}
	}
}

int tw_read(pcap_t *p, struct tw_frame *frames, int max, unsigned char *bytes, size_t size, struct tw_result *result)
{
	struct collector c = {
		.frames = frames,
		.bytes = bytes,
		.size = size,
		.max = max,
		.unit = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000,
	};
	result->asked = now(CLOCK_MONOTONIC);
	int n = pcap_dispatch(p, max, collect, (u_char *)&c);
	result->count = c.count;
	read_clocks(result);
	return n < 0 ? n : 0;
}
