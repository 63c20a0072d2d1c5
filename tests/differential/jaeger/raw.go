package main

// Bytes that no marshaller writes.
func rawProtobuf() map[string][]byte {
	id := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	// Begins in 1970, unless the fields say otherwise.
	span := func(fields ...byte) []byte { return request(length(1, append(length(6, nil), fields...))) }
	return map[string][]byte{
		"raw_empty":               {},
		"raw_trace_id_of_8":       span(append(length(1, id), length(2, id)...)...),
		"raw_trace_id_of_7":       span(length(1, id[:7])...),
		"raw_trace_id_empty":      span(length(1, nil)...),
		"raw_span_id_of_7":        span(length(2, id[:7])...),
		"raw_blank_span":          request(append(length(1, nil), length(1, append(length(3, []byte("a")), length(6, nil)...))...)),
		"raw_nanoseconds":         span(append(append(length(2, id), length(6, []byte{8, 1, 16, 5})...), length(7, []byte{8, 2, 16, 7})...)...),
		"raw_too_many_nanos":      span(length(6, []byte{16, 0x80, 0x94, 0xeb, 0xdc, 0x03})...),
		"raw_duration_mixed_sign": span(length(7, []byte{8, 1, 16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})...),
		"raw_year_10000":          span(length(6, []byte{8, 0x80, 0xdc, 0xda, 0xdf, 0xff, 0x97, 0x78})...),
		"raw_without_start":       request(length(1, length(2, id))),
		"raw_cut":                 {0x0a, 0x05, 0x0a},
		"raw_process_in_parts": request(append(append(length(2, length(1, []byte("one"))), length(1, append(length(2, id), length(6, nil)...))...),
			length(2, append(length(1, []byte("two")), length(2, length(1, []byte("k")))...))...)),
		"raw_unknown_fields": request(append(length(1, append(append(length(2, id), length(6, nil)...), 0xfa, 0x01, 1, 'x')), 0x98, 0x06, 1)),
	}
}

func length(number byte, content []byte) []byte {
	return append([]byte{number<<3 | 2, byte(len(content))}, content...)
}

func request(batch []byte) []byte { return length(1, batch) }

func rawThrift() map[string][]byte {
	text := func(id byte, value string) []byte {
		return append([]byte{11, 0, id, 0, 0, 0, byte(len(value))}, value...)
	}
	// Batch{1: Process{1: "shop"}, 2: spans}
	batch := func(spans ...byte) []byte {
		process := append(append([]byte{12, 0, 1}, text(1, "shop")...), 0)
		return append(append(process, spans...), 0)
	}
	nested := func(depth int) (bytes []byte) {
		for range depth {
			bytes = append(bytes, 12, 0, 9)
		}
		for range depth {
			bytes = append(bytes, 0)
		}
		return bytes
	}
	return map[string][]byte{
		"raw_nothing.thrift":               {},
		"raw_stop.thrift":                  {0},
		"raw_no_spans_field.thrift":        batch(),
		"raw_no_process.thrift":            {15, 0, 2, 12, 0, 0, 0, 0, 0},
		"raw_no_elements.thrift":           batch(15, 0, 2, 12, 0, 0, 0, 0),
		"raw_list_of_2_31.thrift":          batch(15, 0, 2, 12, 0x7f, 0xff, 0xff, 0xff),
		"raw_negative_list.thrift":         batch(15, 0, 2, 12, 0xff, 0xff, 0xff, 0xff),
		"raw_long_text.thrift":             {12, 0, 1, 11, 0, 1, 0x7f, 0xff, 0xff, 0xff, 'a'},
		"raw_negative_text.thrift":         {12, 0, 1, 11, 0, 1, 0x80, 0, 0, 0, 'a'},
		"raw_span_without_all.thrift":      batch(15, 0, 2, 12, 0, 0, 0, 1, 0),
		"raw_unknown_field.thrift":         batch(append([]byte{15, 0, 2, 12, 0, 0, 0, 0}, text(77, "x")...)...),
		"raw_unknown_type.thrift":          batch(15, 0, 2, 12, 0, 0, 0, 0, 99, 0, 9),
		"raw_spans_of_another_type.thrift": batch(11, 0, 2, 0, 0, 0, 0),
		"raw_nested_60.thrift":             batch(append([]byte{15, 0, 2, 12, 0, 0, 0, 0}, nested(60)...)...),
		"raw_nested_70.thrift":             batch(append([]byte{15, 0, 2, 12, 0, 0, 0, 0}, nested(70)...)...),
		"raw_behind_the_end.thrift":        append(batch(15, 0, 2, 12, 0, 0, 0, 0), 1, 2, 3),
		"raw_spans_first.thrift":           append(append([]byte{15, 0, 2, 12, 0, 0, 0, 0, 12, 0, 1}, text(1, "shop")...), 0, 0),
		"raw_nothing.compact":              {},
		"raw_wrong_protocol.compact":       {0x80, 0x21, 0},
		"raw_wrong_version.compact":        {0x82, 0x22, 0},
		"raw_unknown_call.compact":         {0x82, 0x81, 1, 3, 'f', 'o', 'o', 0},
		"raw_zipkin_call.compact":          append(append([]byte{0x82, 0x81, 1, 15}, "emitZipkinBatch"...), 0x19, 0x0c, 0),
		"raw_no_batch.compact":             append(append([]byte{0x82, 0x81, 1, 9}, "emitBatch"...), 0),
		"raw_list_of_2_31.compact":         append(append([]byte{0x82, 0x81, 1, 9}, "emitBatch"...), 0x1c, 0x1c, 0x18, 0, 0, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07),
		"raw_varint_of_11.compact":         append(append([]byte{0x82, 0x81, 1, 9}, "emitBatch"...), 0x1c, 0x1c, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
		"raw_nothing.binary":               {},
		"raw_old_form.binary":              append(append([]byte{0, 0, 0, 9}, "emitBatch"...), 4, 0, 0, 0, 1, 0),
		"raw_no_batch.binary":              append(append([]byte{0x80, 1, 0, 4, 0, 0, 0, 9}, "emitBatch"...), 0, 0, 0, 1, 0),
		"raw_wrong_version.binary":         append(append([]byte{0x80, 2, 0, 4, 0, 0, 0, 9}, "emitBatch"...), 0, 0, 0, 1, 0),
		"raw_unknown_call.binary":          append(append([]byte{0x80, 1, 0, 4, 0, 0, 0, 3}, "foo"...), 0, 0, 0, 1, 0),
	}
}
