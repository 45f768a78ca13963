// Reading a stream of server-sent events.

package registry

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// lineBytesMax bounds a line of the stream, and the data of an event.
const lineBytesMax = 64 << 20

var errLineTooLong = errors.New("a line of the stream is over 64 MiB")

// sseEvent is one event of a stream of server-sent events. Its data holds until the next is read.
type sseEvent struct {
	name string
	id   string
	data []byte
}

// sseReader reads the events of a stream.
type sseReader struct {
	reader *bufio.Reader
	line   []byte
	data   []byte
}

func newSSEReader(from io.Reader) *sseReader {
	return &sseReader{reader: bufio.NewReaderSize(from, 32<<10)}
}

// next reads up to the blank line that ends an event; the event has a name and data, an id, or both.
func (r *sseReader) next() (sseEvent, error) {
	var event sseEvent
	if cap(r.data) > 1<<20 {
		r.data, r.line = nil, nil
	}
	r.data = r.data[:0]
	for {
		line, err := r.readLine()
		if err != nil {
			return event, err
		}
		if len(line) == 0 {
			if event.id != "" || event.name != "" || len(r.data) > 0 {
				event.data = r.data
				return event, nil
			}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte{':'})
		value = bytes.TrimPrefix(value, []byte{' '})
		switch string(field) {
		case "event":
			event.name = string(value)
		case "id":
			event.id = string(value)
		case "data":
			if len(r.data)+len(value) > lineBytesMax {
				return event, errLineTooLong
			}
			if len(r.data) > 0 {
				r.data = append(r.data, '\n')
			}
			r.data = append(r.data, value...)
		}
	}
}

// readLine reads a line without its end, which is \n or \r\n.
func (r *sseReader) readLine() ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.reader.ReadSlice('\n')
		if len(r.line)+len(part) > lineBytesMax {
			return nil, errLineTooLong
		}
		r.line = append(r.line, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(r.line[:len(r.line)-1], []byte{'\r'}), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("the stream ended: %w", err)
		}
	}
}
