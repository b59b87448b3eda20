package carpel_test

import (
	"testing"

	"github.com/carpel/carpel"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 255: "255 bytes", 1024: "1 KiB (1,024 bytes)", 1500: "1,500 bytes", 65_536: "64 KiB (65,536 bytes)", 70_000: "68.4 KiB (70,000 bytes)",
		4 << 20: "4 MiB (4,194,304 bytes)", 4_404_020: "4.2 MiB (4,404,020 bytes)", 512 << 20: "512 MiB (536,870,912 bytes)", 3 << 30: "3 GiB (3,221,225,472 bytes)",
		2048 << 30: "2,048 GiB (2,199,023,255,552 bytes)", -1000: "-1,000 bytes",
	} {
		if got := carpel.Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	if got := carpel.TooLarge("an id", 300, carpel.MaxIDBytes); got != "an id has 300 bytes; it may have 255 bytes" {
		t.Error(got)
	}
}
