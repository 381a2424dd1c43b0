// Command verify checks a complete log in the layout of C2SP tlog-tiles, with the
// library that checks Go's own modules: golang.org/x/mod/sumdb. It shares no code
// with Comity and knows nothing of it but the folder:
//
//	vkey                       the verifier key of the log, one line
//	checkpoint                 the signed head
//	tile/<level>/<n>[.p/<w>]   hashes, 256 to a full tile
//	tile/entries/<n>[.p/<w>]   records, each after its length in two bytes
//
// The way of a log through it:
//
//	open the checkpoint with the key
//	hash every record; the tree over them has the signed root
//	every tile is the one of that tree
//	prove, from the tiles, that records are in it and that older trees are its beginning
//	look for files that none of this has read, and compare or refuse them
//
// The library's own reader of tiles (TileHashReader, version 0.7.0) is used for the proofs
// only: it compares a tile with its parent, but leaves out the first few if two complete
// subtrees at the edge share a tile.
//
// It prints one line of JSON and ends with 0 if all of that holds, 1 if not, 2 if it
// was not asked properly.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// A proof for each record of a longer log would take minutes and show nothing new.
	inclusionProofsMax = 2048
)

// Verdict is the line that is printed. Root is in base64, as in the checkpoint.
type Verdict struct {
	OK          bool    `json:"ok"`
	Code        string  `json:"code,omitempty"`
	Reason      string  `json:"reason,omitempty"`
	Origin      string  `json:"origin,omitempty"`
	Size        int64   `json:"size"`
	Root        string  `json:"root,omitempty"`
	Records     int64   `json:"records"`
	Inclusion   int64   `json:"inclusion_proofs"`
	Consistency []int64 `json:"consistent_with_sizes"`
	Files       int     `json:"files"`
}

func main() {
	if len(os.Args) != 2 || strings.HasPrefix(os.Args[1], "-") {
		fmt.Fprintln(os.Stderr, "usage: verify DIR    (a folder with checkpoint, vkey and tile/)")
		os.Exit(2)
	}
	verdict, err := verify(os.Args[1])
	var refused *refusal
	switch {
	case err == nil:
		verdict.OK = true
	case errors.As(err, &refused):
		verdict.Code, verdict.Reason = refused.code, refused.reason.Error()
	default:
		verdict.Code, verdict.Reason = "unreadable", err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdict); err != nil {
		os.Exit(2)
	}
	if !verdict.OK {
		os.Exit(1)
	}
}

// A refusal says which check the log did not pass.
type refusal struct {
	code   string
	reason error
}

func (r *refusal) Error() string { return r.code + ": " + r.reason.Error() }

func refuse(code, format string, values ...any) error {
	return &refusal{code, fmt.Errorf(format, values...)}
}

func verify(dir string) (Verdict, error) {
	verdict := Verdict{Consistency: []int64{}}
	folder := &folder{root: dir, read: map[string][]byte{}}
	origin, tree, err := openCheckpoint(folder)
	if err != nil {
		return verdict, err
	}
	verdict.Origin, verdict.Size, verdict.Root = origin, tree.N, tree.Hash.String()

	records, err := checkRecords(folder, tree)
	if err != nil {
		return verdict, err
	}
	verdict.Records = tree.N
	if err := checkTiles(folder, records, tree); err != nil {
		return verdict, err
	}
	hashes := tlog.TileHashReader(tree, folder)
	if verdict.Inclusion, err = checkInclusion(hashes, tree); err != nil {
		return verdict, err
	}
	if verdict.Consistency, err = checkConsistency(hashes, tree); err != nil {
		return verdict, err
	}
	verdict.Files, err = folder.checkRest(tree.N)
	return verdict, err
}

// openCheckpoint reads the head that the key in vkey has signed.
func openCheckpoint(folder *folder) (string, tlog.Tree, error) {
	var tree tlog.Tree
	key, err := folder.file("vkey")
	if err != nil {
		return "", tree, err
	}
	verifier, err := openKey(strings.TrimSuffix(string(key), "\n"))
	if err != nil {
		return "", tree, err
	}
	signed, err := folder.file("checkpoint")
	if err != nil {
		return "", tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return "", tree, refuse("checkpoint-signature", "%w", err)
	}
	// The library reads base64 loosely: two spellings of one signature.
	for _, signature := range append(opened.Sigs, opened.UnverifiedSigs...) {
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return "", tree, refuse("checkpoint-signature", "another spelling of a signature: %w", err)
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return "", tree, refuse("checkpoint-text", "not three lines")
	}
	if lines[0] != verifier.Name() {
		return "", tree, refuse("checkpoint-origin", "the origin is not the name of the key")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return "", tree, refuse("checkpoint-text", "the size is not a plain number")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return "", tree, refuse("checkpoint-text", "the root is not 32 bytes in base64")
	}
	if size == 0 {
		return "", tree, refuse("log-empty", "a log without a record proves nothing")
	}
	tree.N = size
	copy(tree.Hash[:], root)
	return lines[0], tree, nil
}

// openKey reads a key in its one spelling; the library also takes upper case.
func openKey(text string) (note.Verifier, error) {
	verifier, err := note.NewVerifier(text)
	if err != nil {
		return nil, refuse("vkey", "%w", err)
	}
	_, encoded, _ := strings.Cut(strings.TrimPrefix(text, verifier.Name()+"+"), "+")
	again := fmt.Sprintf("%s+%08x+%s", verifier.Name(), verifier.KeyHash(), encoded)
	// Base64 is read over ends of lines, too.
	oneLine := !strings.ContainsAny(text, "\r\n")
	if _, err := base64.StdEncoding.Strict().DecodeString(encoded); err != nil || again != text || !oneLine {
		return nil, refuse("vkey", "another spelling of a key")
	}
	return verifier, nil
}

// The hashes of a tree, leaves and inner nodes, in the order in which the library numbers
// them.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash has the number %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

// checkRecords hashes every record and builds the tree anew: it must have the signed root.
func checkRecords(folder *folder, tree tlog.Tree) (storedHashes, error) {
	var stored storedHashes
	for first := int64(0); first < tree.N; first += tileWidth {
		width := min(tileWidth, tree.N-first)
		path := entriesPath(first/tileWidth, width)
		data, err := folder.file(path)
		if err != nil {
			return nil, err
		}
		records, err := split(data, width)
		if err != nil {
			return nil, refuse("entries-form", "%s: %w", path, err)
		}
		for i, record := range records {
			hashes, err := tlog.StoredHashes(first+int64(i), record, stored)
			if err != nil {
				return nil, err
			}
			stored = append(stored, hashes...)
		}
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, refuse("record", "the tree over the records has another root than the one that was signed")
	}
	return stored, nil
}

// checkTiles compares every tile of the tree with what the records make.
func checkTiles(folder *folder, stored storedHashes, tree tlog.Tree) error {
	tiles := tilesOf(tree.N)
	found, err := folder.ReadTiles(tiles)
	if err != nil {
		return err
	}
	for i, tile := range tiles {
		expected, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		if !bytes.Equal(found[i], expected) {
			return refuse("tile", "%s is not the tile of these records", tilePath(tile))
		}
	}
	return nil
}

// tilesOf lists the full tiles of a tree and the partial ones at its edge.
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size > 0; level++ {
		for index := int64(0); index*tileWidth < size; index++ {
			width := min(tileWidth, size-index*tileWidth)
			tiles = append(tiles, tlog.Tile{H: tileHeight, L: level, N: index, W: int(width)})
		}
		size /= tileWidth
	}
	return tiles
}

// split cuts a bundle into its records, without a byte left over.
func split(data []byte, width int64) ([][]byte, error) {
	var records [][]byte
	for int64(len(records)) < width {
		if len(data) < 2 {
			return nil, errors.New("it ends too early")
		}
		length := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+length {
			return nil, errors.New("it ends within a record")
		}
		records = append(records, data[2:2+length])
		data = data[2+length:]
	}
	if len(data) > 0 {
		return nil, errors.New("it goes on after the last record")
	}
	return records, nil
}

// checkInclusion proves that records are in the tree: all of them, or a part of a long log
// that has its first and its last.
func checkInclusion(hashes tlog.HashReader, tree tlog.Tree) (int64, error) {
	stride := (tree.N + inclusionProofsMax - 1) / inclusionProofsMax
	checked := int64(0)
	for index := int64(0); index < tree.N; index += stride {
		if err := checkOneInclusion(hashes, tree, index); err != nil {
			return checked, err
		}
		checked++
	}
	if (tree.N-1)%stride != 0 {
		if err := checkOneInclusion(hashes, tree, tree.N-1); err != nil {
			return checked, err
		}
		checked++
	}
	return checked, nil
}

func checkOneInclusion(hashes tlog.HashReader, tree tlog.Tree, index int64) error {
	proof, err := tlog.ProveRecord(tree.N, index, hashes)
	if err != nil {
		return asRefusal("inclusion", err)
	}
	record, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return asRefusal("tile", err)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, record[0]); err != nil {
		return refuse("inclusion", "record %d: %w", index, err)
	}
	return nil
}

// checkConsistency proves that older trees are the beginning of this one: at the sizes where
// tiles begin and end, and in the middle.
func checkConsistency(hashes tlog.HashReader, tree tlog.Tree) ([]int64, error) {
	checked := []int64{}
	for _, size := range olderSizes(tree.N) {
		older, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return checked, asRefusal("consistency", err)
		}
		proof, err := tlog.ProveTree(tree.N, size, hashes)
		if err != nil {
			return checked, asRefusal("consistency", err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, older); err != nil {
			return checked, refuse("consistency", "from size %d: %w", size, err)
		}
		checked = append(checked, size)
	}
	return checked, nil
}

func olderSizes(size int64) []int64 {
	var sizes []int64
	seen := map[int64]bool{}
	for _, older := range []int64{1, 2, 3, 255, 256, 257, size / 3, size / 2, 65_535, 65_536, 65_537, size - 1} {
		if older > 0 && older < size && !seen[older] {
			seen[older] = true
			sizes = append(sizes, older)
		}
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	return sizes
}

// A folder reads files, and knows which ones it has read. It is the tlog.TileReader.
type folder struct {
	root string
	read map[string][]byte
}

func (f *folder) Height() int { return tileHeight }

// SaveTiles is for readers that fetch; here everything is on the disk.
func (f *folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := tilePath(tile)
		data, err := f.file(path)
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, refuse("tile-length", "%s has %d bytes", path, len(data))
		}
		all = append(all, data)
	}
	return all, nil
}

// wasRead says whether a check has read this file.
func (f *folder) wasRead(path string) bool {
	_, found := f.read[path]
	return found
}

func (f *folder) file(path string) ([]byte, error) {
	if data, found := f.read[path]; found {
		return data, nil
	}
	data, err := os.ReadFile(filepath.Join(f.root, filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse("file-missing", "there is no %s", path)
	}
	if err != nil {
		return nil, err
	}
	f.read[path] = data
	return data, nil
}

// checkRest looks at the files that no check has read. A partial tile of an older tree must be
// the beginning of what stands at its place now; nothing else belongs here.
func (f *folder) checkRest(size int64) (int, error) {
	files := 0
	err := filepath.WalkDir(f.root, func(full string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		relative, err := filepath.Rel(f.root, full)
		if err != nil {
			return err
		}
		path := filepath.ToSlash(relative)
		if f.wasRead(path) {
			return nil
		}
		return f.checkOlder(path)
	})
	return files, err
}

func (f *folder) checkOlder(path string) error {
	place, text, partial := strings.Cut(path, ".p/")
	width, err := strconv.ParseInt(text, 10, 64)
	if !partial || err != nil || width < 1 || width >= tileWidth || strconv.FormatInt(width, 10) != text {
		return refuse("file-unknown", "%s is no part of this log", path)
	}
	now, found := f.widerThan(place, width)
	if !found {
		return refuse("file-unknown", "%s is no part of this log", path)
	}
	older, err := os.ReadFile(filepath.Join(f.root, filepath.FromSlash(path)))
	if err != nil {
		return err
	}
	if strings.HasPrefix(place, "tile/entries/") {
		if _, err := split(older, width); err != nil {
			return refuse("entries-form", "%s: %w", path, err)
		}
	} else if int64(len(older)) != width*tlog.HashSize {
		return refuse("tile-length", "%s has %d bytes", path, len(older))
	}
	if !bytes.HasPrefix(now, older) {
		return refuse("tile-older", "%s is not the beginning of what stands there now", path)
	}
	return nil
}

// widerThan is what was read at this place, and so compared with the root.
func (f *folder) widerThan(place string, width int64) ([]byte, bool) {
	if data, found := f.read[place]; found {
		return data, true
	}
	for wider := int64(tileWidth - 1); wider > width; wider-- {
		if data, found := f.read[fmt.Sprintf("%s.p/%d", place, wider)]; found {
			return data, true
		}
	}
	return nil, false
}

// tilePath is that of tlog-tiles: the library's, without the height, which is always 8.
func tilePath(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
}

func entriesPath(index, width int64) string {
	path := tilePath(tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)})
	return "tile/entries/" + strings.TrimPrefix(path, "tile/0/")
}

// asRefusal gives a code to what the library says.
func asRefusal(code string, err error) error {
	var refused *refusal
	if errors.As(err, &refused) {
		return refused
	}
	return refuse(code, "%w", err)
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
