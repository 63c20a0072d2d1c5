#include "segment_log/segment_writer.h"

#include <utility>

#include "base/allocation_name.h"

namespace millrace::segment_log {
namespace {

BlockHeader summary_header(const Segment& segment, size_t entry_count) {
  BlockHeader header;
  header.kind = BlockKind::kSummary;
  header.id = segment.first_id();
  header.admitted_bytes = static_cast<uint32_t>(segment.count());
  header.time = segment.newest().time_since_epoch().count();
  header.count = static_cast<uint32_t>(entry_count);
  return header;
}

std::vector<SummaryEntry> summary_of(const FooterContent& content) {
  std::vector<SummaryEntry> entries;
  for (const TargetId target : content.segment->targets()) {
    SummaryEntry entry;
    entry.target.id = target;
    for (const NamedTarget& named : content.targets) {
      if (named.id == target) entry.target = named;
    }
    entry.wanted = content.segment->wanted(target);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

Result<uint64_t> seal_segment(const SegmentPlace& place, io::DiskFile& file, uint64_t end,
                              uint64_t synced, const FooterContent& content) {
  BlockBuffer blocks(content.segment->epoch(), end, synced);
  Trailer trailer;
  trailer.footer = static_cast<uint32_t>(blocks.end() / kUnit);
  add_done_blocks(content.done_in, [&blocks](const BlockHeader& header, std::string_view body) {
    blocks.add(header, body);
  });
  trailer.index = static_cast<uint32_t>(blocks.end() / kUnit);
  BlockHeader header;
  header.kind = BlockKind::kIndex;
  header.id = content.segment->first_id();
  header.count = static_cast<uint32_t>(content.segment->index().size());
  blocks.add(header, encode_index(content.segment->index()));
  trailer.summary = static_cast<uint32_t>(blocks.end() / kUnit);
  const std::vector<SummaryEntry> summary = summary_of(content);
  blocks.add(summary_header(*content.segment, summary.size()), encode_summary(summary));
  header = BlockHeader{};
  header.kind = BlockKind::kTrailer;
  blocks.add(header, encode_trailer(trailer));

  if (Status written = file.write_at(end, blocks.pieces()); !written) return fail(written.error());
  place.point("footer_written");
  if (Status cut = file.truncate(blocks.end()); !cut) return fail(cut.error());
  place.point("footer_cut");
  if (place.syncing == Syncing::kYes) {
    if (Status synced_now = file.sync_data(); !synced_now) return fail(synced_now.error());
  }
  return blocks.end();
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::begin(const SegmentPlace& place,
                                                            const Beginning& beginning) {
  const std::string path = place.path(beginning.name);
  Result<std::unique_ptr<io::DiskFile>> file = place.disk.open(path, io::DiskOpen::kCreate);
  if (!file) return fail(file.error());
  place.point("segment_created");
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(place, beginning.name, std::move(*file)));
  if (Status begun = writer->write_beginning(beginning); !begun) {
    // A file that was never begun is removed by the next start as well.
    static_cast<void>(place.disk.remove(path));
    return fail(begun.error());
  }
  return writer;
}

Status SegmentWriter::write_beginning(const Beginning& beginning) {
  if (Status done = file_->preallocate(beginning.allocate_bytes); !done) return done;
  place_.point("segment_allocated");
  BlockHeader head;
  head.kind = BlockKind::kHead;
  head.id = beginning.first_id;
  head.targets = beginning.name.number;
  head.time = beginning.now.time_since_epoch().count();
  BlockHeader table;
  table.kind = BlockKind::kTargetTable;
  table.count = static_cast<uint32_t>(beginning.targets.size());
  const std::string targets = encode_target_table(beginning.targets);
  // The head says how many blocks follow, so they are laid out first.
  BlockBuffer following(name_.epoch, block_bytes(0), 0);
  following.add(table, targets);
  following.add(table, targets);
  head.admitted_bytes = 2;
  head.count =
      2 + add_done_blocks(beginning.done_in, [&](const BlockHeader& header, std::string_view body) {
        following.add(header, body);
      });
  BlockBuffer first(name_.epoch, 0, 0);
  first.add(head, {});
  std::vector<std::span<const uint8_t>> pieces = first.pieces();
  for (const auto piece : following.pieces()) pieces.push_back(piece);
  if (Status done = file_->write_at(0, pieces); !done) return done;
  end_ = following.end();
  place_.point("head_written");
  if (place_.syncing == Syncing::kNo) return {};
  if (Status done = file_->sync_data(); !done) return done;
  place_.point("head_synced");
  if (Status done = place_.disk.sync_directory(place_.directory); !done) return done;
  place_.point("segment_begun");
  synced_ = end_;
  return {};
}

Status SegmentWriter::write(const BlockBuffer& blocks) {
  const AllocationName name("constant lane of the log");  // the list of pieces
  if (Status done = file_->write_at(end_, blocks.pieces()); !done) return done;
  end_ = blocks.end();
  return {};
}

Status SegmentWriter::sync() {
  if (place_.syncing == Syncing::kNo) return {};
  if (Status done = file_->sync_data(); !done) return done;
  synced_ = end_;
  return {};
}

Result<uint64_t> SegmentWriter::seal(const FooterContent& content) {
  // Done ranges may have been written since the last sync: the mark stays where it is.
  return seal_segment(place_, *file_, end_, synced_, content);
}

void SegmentWriter::give_up() { static_cast<void>(file_->truncate(end_)); }

}  // namespace millrace::segment_log
