// The schema of the catalog: numbered steps of SQL from migrations/catalog/, compiled in.
//
//   application_id  `brin`, so that another program's database is never taken for a catalog
//   user_version    number of the last step that was run
#pragma once

#include <span>

#include "base/embedded.hpp"
#include "catalog/sqlite.hpp"

namespace brine::catalog::schema {

/// NNNN_name.sql, without gaps from 1.
extern const std::span<const base::EmbeddedFile> files;

/// Runs all of `steps` in an empty database. Throws: exists when something is in it.
void create(Database& database, std::span<const base::EmbeddedFile> steps = files);

/// Runs the steps that are still missing, in one transaction; none where the schema is current.
/// Throws: corrupt when the database is no catalog; unsupported when a newer brine made it, or
/// when steps are missing and `access` is read_only.
void upgrade(Database& database, Access access,
             std::span<const base::EmbeddedFile> steps = files);

}  // namespace brine::catalog::schema
