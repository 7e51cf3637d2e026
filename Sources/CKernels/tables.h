// Tables for moving lanes by an 8-bit mask, built by the preprocessor: constant
// data needs neither start-up work nor synchronisation.
//
// A table is the leaves of a binary tree that decides one mask bit a level,
// highest bit outermost, so that the leaves come out in the mask's order. A level
// is a macro that passes on the entry so far, `e`: once as it is when the bit is
// clear and once when it is set. Entries hold the lane for the lowest position
// in their lowest bits.

#ifndef LACUNA_TABLES_H
#define LACUNA_TABLES_H

// The tree over four and eight bits, with CLEAR(e, bit) and SET(e, bit) given by
// name.
#define LACUNA_TREE1(e, clear, set) clear(e, 0), set(e, 0)
#define LACUNA_TREE2(e, clear, set) \
  LACUNA_TREE1(clear(e, 1), clear, set), LACUNA_TREE1(set(e, 1), clear, set)
#define LACUNA_TREE3(e, clear, set) \
  LACUNA_TREE2(clear(e, 2), clear, set), LACUNA_TREE2(set(e, 2), clear, set)
#define LACUNA_TREE4(e, clear, set) \
  LACUNA_TREE3(clear(e, 3), clear, set), LACUNA_TREE3(set(e, 3), clear, set)
#define LACUNA_TREE5(e, clear, set) \
  LACUNA_TREE4(clear(e, 4), clear, set), LACUNA_TREE4(set(e, 4), clear, set)
#define LACUNA_TREE6(e, clear, set) \
  LACUNA_TREE5(clear(e, 5), clear, set), LACUNA_TREE5(set(e, 5), clear, set)
#define LACUNA_TREE7(e, clear, set) \
  LACUNA_TREE6(clear(e, 6), clear, set), LACUNA_TREE6(set(e, 6), clear, set)
#define LACUNA_TREE8(e, clear, set) \
  LACUNA_TREE7(clear(e, 7), clear, set), LACUNA_TREE7(set(e, 7), clear, set)

// Entries start from LACUNA_EMPTY1 with an index of one byte a lane, and from
// LACUNA_EMPTY2 with two indices a lane, for lanes that are moved in halves.
__extension__ typedef unsigned __int128 lacuna_wide;
#define LACUNA_EMPTY1 ((uint64_t)0)
#define LACUNA_EMPTY2 ((lacuna_wide)0)

// Compact: the set lanes in order. A set bit goes in front of those above it.
#define LACUNA_DROP(e, bit) (e)
#define LACUNA_KEEP1(e, bit) (((e) << 8) | (bit))
#define LACUNA_KEEP2(e, bit) (((e) << 16) | ((2 * (bit) + 1) << 8) | (2 * (bit)))

// Expand: for each lane its value's number. A set bit is number 0 and moves all
// lanes above on by one. A clear lane has its index's top bit set, which counting
// up leaves set, and which pshufb turns into zero. Lanes that aren't there yet
// are counted up as well, and end up shifted out.
#define LACUNA_HOLE1(e, bit) (((e) << 8) | 0x80)
#define LACUNA_TAKE1(e, bit) (((e) << 8) + 0x0101010101010100)
#define LACUNA_HOLE2(e, bit) (((e) << 16) | 0x8080)
#define LACUNA_TAKE2(e, bit) (((e) << 16) + LACUNA_ONE_ON + 0x0100)
#define LACUNA_ONE_ON (((lacuna_wide)0x0202020202020202 << 64) | 0x0202020202020000)

#endif
