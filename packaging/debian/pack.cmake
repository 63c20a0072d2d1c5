# Runs cpack with the time of the commit, so that two builds of one commit give the same bytes.
# SOURCE: the repository. CPACK: the program. PACKAGES: the folder of the packages.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND git -C ${SOURCE} log -1 --format=%ct OUTPUT_VARIABLE time
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT time)  # a copy of the sources without git
    execute_process(COMMAND dpkg-parsechangelog -l ${SOURCE}/packaging/debian/changelog -S Timestamp
      OUTPUT_VARIABLE time OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  endif()
  set(ENV{SOURCE_DATE_EPOCH} ${time})
endif()
file(REMOVE_RECURSE ${PACKAGES})
execute_process(COMMAND ${CPACK} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

# CPack makes scripts that call ldconfig, which Debian has replaced by a trigger of dpkg.
file(GLOB library ${PACKAGES}/libmillrace0*.deb)
set(unpacked ${PACKAGES}/library)
execute_process(COMMAND dpkg-deb --raw-extract ${library} ${unpacked} COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${unpacked}/DEBIAN/postinst ${unpacked}/DEBIAN/postrm)
file(WRITE ${unpacked}/DEBIAN/triggers "activate-noawait ldconfig\n")
execute_process(COMMAND dpkg-deb --root-owner-group --build ${unpacked} ${library}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${unpacked} ${PACKAGES}/_CPack_Packages)
file(TOUCH ${PACKAGES}/.packed)
