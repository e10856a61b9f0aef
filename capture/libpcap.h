#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>

// A frame of a batch. Its bytes follow those of the frame before it.
struct tw_frame {
	int64_t wall; // nanoseconds since 1970
	uint32_t captured, length;
};

// What a read gave.
struct tw_result {
	int count;               // frames
	int64_t asked;           // when libpcap was asked, in nanoseconds of the monotonic clock
	int64_t monotonic, wall; // the moment after its answer by both clocks, in nanoseconds
};

// tw_read gathers frames that libpcap has, at most max, with their bytes packed
// into size bytes. It never waits. It answers libpcap's error, or 0.
int tw_read(pcap_t *p, struct tw_frame *frames, int max, unsigned char *bytes, size_t size, struct tw_result *result);
