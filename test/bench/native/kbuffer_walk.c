/*
 * kbuffer_walk FILE OFFSET SIZE [OFFSET SIZE]...: what libtraceevent needs to go over whole pages of a trace.dat, one CPU
 * after the other, with the first and the last field of each event read through its own field descriptions. Prints events,
 * seconds of processor time, seconds, and the sum of those fields.
 *
 * The formats are read from standard input, each with its length in a line before it.
 */
#include <event-parse.h>
#include <kbuffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { page_size = 4096, most_ids = 65536 };

struct two_fields {
	struct tep_format_field *first, *last;
};

static struct two_fields fields[most_ids];
static unsigned long long sum;	/* of what was read, so that it is read */

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void read_formats(struct tep_handle *tep)
{
	size_t length;

	while (scanf("%zu\n", &length) == 1) {
		char *text = malloc(length + 1);
		struct tep_event *event;

		if (!text || fread(text, 1, length, stdin) != length)
			exit(1);
		if (tep_parse_format(tep, &event, text, length, "test"))
			exit(1);
		fields[event->id].first = event->format.fields;
		fields[event->id].last = event->format.fields;
		while (fields[event->id].last->next)
			fields[event->id].last = fields[event->id].last->next;
		free(text);
	}
}

static unsigned long walk(struct tep_handle *tep, struct kbuffer *kbuf, unsigned char *page)
{
	unsigned long events = 0;
	unsigned long long ts, value;
	void *data;

	kbuffer_load_subbuffer(kbuf, page);
	for (data = kbuffer_read_event(kbuf, &ts); data; data = kbuffer_next_event(kbuf, &ts)) {
		struct tep_record record = { .data = data, .size = kbuffer_event_size(kbuf), .ts = ts };
		const struct two_fields *two = &fields[tep_data_type(tep, &record)];

		if (!tep_read_number_field(two->first, data, &value))
			sum += value;
		if (!tep_read_number_field(two->last, data, &value))
			sum += value;
		events++;
	}
	return events;
}

int main(int argc, char **argv)
{
	struct tep_handle *tep = tep_alloc();
	struct kbuffer *kbuf = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_LITTLE);
	FILE *file = argc > 3 ? fopen(argv[1], "rb") : NULL;
	unsigned long events = 0;
	double began, began_work;

	if (!tep || !kbuf || !file)
		return 2;
	read_formats(tep);
	began = seconds(CLOCK_MONOTONIC);
	began_work = seconds(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 2; i + 1 < argc; i += 2) {
		unsigned char page[page_size];

		fseek(file, atol(argv[i]), SEEK_SET);
		for (long left = atol(argv[i + 1]); left >= page_size; left -= page_size) {
			if (fread(page, 1, page_size, file) != page_size)
				return 1;
			events += walk(tep, kbuf, page);
		}
	}
	printf("%lu %.9f %.9f %llu\n", events, seconds(CLOCK_THREAD_CPUTIME_ID) - began_work,
	       seconds(CLOCK_MONOTONIC) - began, sum);
	return 0;
}
