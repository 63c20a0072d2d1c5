// The `file` exporter: each batch becomes one record of a file.
#pragma once

#include <functional>
#include <memory>

#include "exporters/file/file_writer.h"
#include "exporters/file/options.h"
#include "io/file.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "pipeline/exporter.h"

namespace millrace::exporters {

// One for each destination, opened, to be given to the exporters of all workers. Fails when the
// file can't be opened. `files` must outlive it; `now` must be safe from any thread.
Result<std::shared_ptr<FileWriter>> make_file_writer(const FileOptions& options,
                                                     io::FileSystem& files,
                                                     std::function<WallTime()> now);

// One for each worker; `loop`, `budget` and `long_work` must outlive it, and `long_work` is
// finished first. A record is made and written in pieces, in slices of the loop's turns, and what
// that takes is reserved in `budget`. The writer is shared because the workers stop one after
// another, and the last one closes the file. What fails to be written is kRetry with the system's
// text; what can't be expressed in JSON at all is kRefused.
std::unique_ptr<pipeline::Exporter> make_file_exporter(const FileOptions& options,
                                                       std::shared_ptr<FileWriter> writer,
                                                       io::Loop& loop, Budget& budget,
                                                       io::LongWork& long_work);

}  // namespace millrace::exporters
