# The Debian packages: `cmake --build build/release --target debian_packages`, or cpack in build/release.
# millrace is the daemon with its documentation, libmillrace0.1 the shared library, libmillrace-dev what
# programs are built with. Files of these components exist only in the packages.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME millrace)
set(CPACK_PACKAGE_VENDOR "Millrace")
set(CPACK_PACKAGE_CONTACT "Millrace maintainers <maintainers@millrace.example>")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${CPACK_PACKAGE_CONTACT})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
# Absolute paths (/etc, /lib) need an installation into a root folder.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(library_package libmillrace${soversion})

set(CPACK_DEBIAN_DAEMON_PACKAGE_NAME millrace)
set(CPACK_DEBIAN_DAEMON_PACKAGE_SECTION net)
set(CPACK_DEBIAN_DAEMON_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54)")
set(CPACK_DEBIAN_DAEMON_PACKAGE_RECOMMENDS "ca-certificates, librdkafka1")
set(CPACK_DEBIAN_DAEMON_DESCRIPTION "OpenTelemetry collector
Receives traces, metrics and logs over OTLP, Zipkin, Jaeger and Prometheus,
checks them once, batches them, keeps them safe in memory or on disk, and
sends them to several back ends at once. It runs the configurations of the
OpenTelemetry collector otelcol and serves its metrics.

The package starts a service that listens on this machine only.")
set(CPACK_DEBIAN_DAEMON_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_BINARY_DIR}/debian/conffiles;${CMAKE_CURRENT_BINARY_DIR}/debian/postinst)
list(APPEND CPACK_DEBIAN_DAEMON_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_BINARY_DIR}/debian/prerm ${CMAKE_CURRENT_BINARY_DIR}/debian/postrm)
foreach(name conffiles postinst prerm postrm)
  configure_file(debian/millrace.${name} ${CMAKE_CURRENT_BINARY_DIR}/debian/${name} COPYONLY)
endforeach()

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "OpenTelemetry collector as a library
Spans, log records and metric points of the own process, from any thread and
without blocking, batched and sent over OTLP. For C++ and C.

This package has the shared library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libmillrace-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# What programs need in addition that link libmillrace.a.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "libnghttp2-dev, libssl-dev, libsimdjson-dev, \
libyaml-cpp-dev, libisal-dev, libdeflate-dev, libzstd-dev, libsnappy-dev, zlib1g-dev, libre2-dev, \
libfmt-dev, libcrypt-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "OpenTelemetry collector as a library (development)
Spans, log records and metric points of the own process, from any thread and
without blocking, batched and sent over OTLP. For C++ and C.

This package has the headers, the static library and the files for
find_package() and pkg-config.")
# What depends on the release, which cpack may be given.
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_SOURCE_DIR}/debian/release.cmake)
set(CPACK_MILLRACE_LIBRARY_PACKAGE ${library_package})

# ONLY_PACKAGED(files… DESTINATION folder COMPONENT name [RENAME name])
macro(only_packaged)
  install(FILES ${ARGN} EXCLUDE_FROM_ALL)
endmacro()
only_packaged(config.yaml DESTINATION /etc/millrace COMPONENT debian_daemon)
only_packaged(${CMAKE_CURRENT_BINARY_DIR}/completion.zsh
  DESTINATION /usr/share/zsh/vendor-completions RENAME _millrace COMPONENT debian_daemon)
# What the program is made of, and the licences of what is compiled in.
set(bill ${CMAKE_CURRENT_BINARY_DIR}/sbom.cdx.json)
add_custom_command(OUTPUT ${bill}
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${CMAKE_CURRENT_BINARY_DIR}/third-party
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sbom.py $<TARGET_FILE:millrace> --output ${bill}
          --licences ${CMAKE_CURRENT_BINARY_DIR}/third-party
  DEPENDS millrace sbom.py COMMENT "Writing the bill of materials" VERBATIM)
only_packaged(${bill} DESTINATION /usr/share/doc/millrace COMPONENT debian_daemon)
install(DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/third-party
  DESTINATION /usr/share/doc/millrace COMPONENT debian_daemon EXCLUDE_FROM_ALL)
compress_page(${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog
  ${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.Debian.gz)
foreach(pair daemon:millrace library:${library_package} development:libmillrace-dev)
  string(REGEX REPLACE ":.*" "" group ${pair})
  string(REGEX REPLACE ".*:" "" package ${pair})
  only_packaged(debian/copyright ${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.Debian.gz
    DESTINATION /usr/share/doc/${package} COMPONENT debian_${group})
  only_packaged(debian/${group}.lintian-overrides
    DESTINATION /usr/share/lintian/overrides RENAME ${package} COMPONENT debian_${group})
endforeach()

set(CPACK_COMPONENTS_ALL daemon doc debian_daemon shared debian_library
  static shared_development development debian_development)
include(CPack)
foreach(component daemon doc debian_daemon)
  cpack_add_component(${component} GROUP daemon)
endforeach()
foreach(component shared debian_library)
  cpack_add_component(${component} GROUP library)
endforeach()
foreach(component static shared_development development debian_development)
  cpack_add_component(${component} GROUP development)
endforeach()

# Two builds of one commit are the same bytes: the time in the packages is the commit's.
set(packed ${CMAKE_BINARY_DIR}/packages/.packed)
file(GLOB_RECURSE packed_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/debian/*
  ${CMAKE_SOURCE_DIR}/docs/* ${CMAKE_SOURCE_DIR}/examples/* ${CMAKE_SOURCE_DIR}/include/*)
add_custom_command(OUTPUT ${packed}
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DCPACK=${CMAKE_CPACK_COMMAND}
          -DPACKAGES=${CMAKE_BINARY_DIR}/packages -P ${CMAKE_CURRENT_SOURCE_DIR}/debian/pack.cmake
  DEPENDS millrace millrace_shared millrace_static ${completions} ${bill} ${packed_files} config.yaml
    millrace.service millrace.1 CMakeLists.txt debian.cmake ${CMAKE_SOURCE_DIR}/README.md
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Packing the Debian packages" VERBATIM)
add_custom_target(debian_packages DEPENDS ${packed})
