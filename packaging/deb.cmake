# The Debian packages of `make deb` (CPack): dien (program, networks, pages), libdien0 (library) and libdien-dev (header, static library).
# tools/deb.sh configures for them (PREFIX /usr, DIEN_DEB) and calls cpack. Dependencies on libraries are what dpkg-shlibdeps finds, so a package is
# for the release of Debian or Ubuntu on which it was made; its version says for which.
if(DIEN_DEB)
  # Debian's man pages and change logs are compressed, and licences that Debian has are named and not copied.
  install(SCRIPT ${CMAKE_SOURCE_DIR}/packaging/install_deb.cmake COMPONENT program)
  install(CODE "set(DIEN_STRIP \"${CMAKE_STRIP}\")" COMPONENT development)
  install(SCRIPT ${CMAKE_SOURCE_DIR}/packaging/install_dev.cmake COMPONENT development)
  foreach(package dien libdien0 libdien-dev)
    set(component_dien program)
    set(component_libdien0 library)
    set(component_libdien-dev development)
    install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component_${package}})
    install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
      RENAME changelog.Debian.gz COMPONENT ${component_${package}})
  endforeach()
  install(FILES packaging/lintian-overrides RENAME dien DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT program)
  # CPack writes these two scripts itself; the trigger alone would do.
  file(WRITE ${CMAKE_BINARY_DIR}/overrides_library "libdien0: maintscript-calls-ldconfig *\n")
  install(FILES ${CMAKE_BINARY_DIR}/overrides_library RENAME libdien0 DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT library)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dien)
set(CPACK_PACKAGE_VENDOR "The dien developers")
set(CPACK_PACKAGE_CONTACT "The dien developers <dien@dien.invalid>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program library development)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE "1~${DIEN_DEB_RELEASE}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# The networks hardly shrink, by whatever means; gzip takes a tenth of the time of xz.
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)
set(full_version "${PROJECT_VERSION}-1~${DIEN_DEB_RELEASE}")

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME dien)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
# A font for the pictures; gnuplot for the figures of statistics, which are left out, with a message, without it.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "fonts-dejavu-core | fonts-liberation")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "gnuplot-nox | gnuplot")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "dcm2niix, slurm-client")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "volumetry of hypothalamus and thalamus in brain MRI
dien measures the hypothalamus (left and right, with five subunits per side),
the thalamus, the other deep structures and the intracranial volume in a
T1-weighted MRI scan of a head, or in all scans of a BIDS data set, and writes
a report, a picture to check, a table of volumes and a label map. Further
commands compare groups, make norms, and train networks. It needs no graphics
card and no network connection.
.
For research; not a medical device and not for diagnosis.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libdien0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "dien (= ${full_version})")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/triggers)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "volumetry of hypothalamus and thalamus in brain MRI (library)
The library of dien, for programs that measure scans themselves. The networks
are those of the package dien.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libdien-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# pkg-config asks for the libraries of Requires.private, too.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libdien0 (= ${full_version}), libarchive-dev, libcairo2-dev, libgsl-dev, libjansson-dev, libyaml-dev, nettle-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "libacl1-dev, libbz2-dev, libdnnl-dev, libhdf5-dev, liblz4-dev, liblzma-dev, libnifti2-dev, libxml2-dev, libznz-dev, libzstd-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "volumetry of hypothalamus and thalamus in brain MRI (development)
Header, static library and pkg-config file of libdien. The package dien has an
example in /usr/share/doc/dien/example.c.")
include(CPack)
