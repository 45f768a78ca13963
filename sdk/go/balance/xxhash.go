// The 64-bit xxHash.

package balance

import (
	"encoding/binary"
	"math/bits"
)

const (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F
	prime3 uint64 = 0x165667B19E3779F9
	prime4 uint64 = 0x85EBCA77C2B2AE63
	prime5 uint64 = 0x27D4EB2F165667C5
)

// XXH64 is the 64-bit xxHash of data with seed 0. It allocates nothing.
func XXH64(data []byte) uint64 { return XXH64Seed(data, 0) }

// XXH64Seed is the 64-bit xxHash of data with another seed.
func XXH64Seed(data []byte, seed uint64) uint64 {
	length := uint64(len(data))
	var hash uint64
	if len(data) >= 32 {
		v1, v2, v3, v4 := seed+prime1+prime2, seed+prime2, seed, seed-prime1
		for len(data) >= 32 {
			v1 = xxRound(v1, binary.LittleEndian.Uint64(data))
			v2 = xxRound(v2, binary.LittleEndian.Uint64(data[8:]))
			v3 = xxRound(v3, binary.LittleEndian.Uint64(data[16:]))
			v4 = xxRound(v4, binary.LittleEndian.Uint64(data[24:]))
			data = data[32:]
		}
		hash = bits.RotateLeft64(v1, 1) + bits.RotateLeft64(v2, 7) + bits.RotateLeft64(v3, 12) + bits.RotateLeft64(v4, 18)
		for _, v := range [...]uint64{v1, v2, v3, v4} {
			hash = (hash^xxRound(0, v))*prime1 + prime4
		}
	} else {
		hash = seed + prime5
	}
	return xxTail(hash+length, data)
}

func xxRound(acc, input uint64) uint64 {
	return bits.RotateLeft64(acc+input*prime2, 31) * prime1
}

func xxTail(hash uint64, data []byte) uint64 {
	for ; len(data) >= 8; data = data[8:] {
		hash = bits.RotateLeft64(hash^xxRound(0, binary.LittleEndian.Uint64(data)), 27)*prime1 + prime4
	}
	if len(data) >= 4 {
		hash = bits.RotateLeft64(hash^uint64(binary.LittleEndian.Uint32(data))*prime1, 23)*prime2 + prime3
		data = data[4:]
	}
	for _, b := range data {
		hash = bits.RotateLeft64(hash^uint64(b)*prime5, 11) * prime1
	}
	hash = (hash ^ hash>>33) * prime2
	hash = (hash ^ hash>>29) * prime3
	return hash ^ hash>>32
}
