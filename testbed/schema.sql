-- The operational tables as the orphanage's Laravel application makes them. Lines that end with `-- later`
-- are columns that older installations lack; `Schema::Old` leaves out exactly those lines.

CREATE TABLE donatur (
  id_donatur   BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  user_id      BIGINT UNSIGNED NULL,
  nama         VARCHAR(100) NOT NULL,
  email        VARCHAR(255) NULL,                              -- later
  no_hp        VARCHAR(20) NULL,                               -- later
  alamat       TEXT NULL,
  deskripsi    TEXT NULL,                                      -- later
  created_at   TIMESTAMP NULL,
  updated_at   TIMESTAMP NULL
) DEFAULT CHARSET = utf8mb4;

CREATE TABLE donasi (
  id_donasi          BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  order_id           VARCHAR(255) NULL UNIQUE,                 -- later
  type_donasi        ENUM('DONATUR_TETAP','NON_DONATUR') NOT NULL,
  id_donatur         BIGINT UNSIGNED NULL REFERENCES donatur (id_donatur) ON DELETE SET NULL,
  sumber_non_donatur ENUM('NON_DONATUR','PROGRAM_UEP','BANTUAN','KOTAK_AMAL') NULL,
  bulan              INT NULL,
  tahun              INT NULL,
  jumlah             DECIMAL(15,2) NOT NULL,
  status_pembayaran  VARCHAR(50) NOT NULL DEFAULT 'pending',   -- later
  payment_method     VARCHAR(255) NULL,                        -- later
  payment_channel    VARCHAR(255) NULL,                        -- later
  tanggal_catat      DATE NOT NULL,
  created_at         TIMESTAMP NULL,
  updated_at         TIMESTAMP NULL
) DEFAULT CHARSET = utf8mb4;

CREATE TABLE kategori_transaksi (
  id_kategori   BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  nama_kategori VARCHAR(50) NOT NULL
) DEFAULT CHARSET = utf8mb4;

CREATE TABLE kas (
  id_kas     BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  nama_kas   VARCHAR(100) NOT NULL,
  saldo      DECIMAL(15,2) NOT NULL DEFAULT 0,
  created_at TIMESTAMP NULL,
  updated_at TIMESTAMP NULL
) DEFAULT CHARSET = utf8mb4;

CREATE TABLE transaksi_kas (
  id_transaksi    BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  id_kas          BIGINT UNSIGNED NOT NULL REFERENCES kas (id_kas),
  id_kategori     BIGINT UNSIGNED NOT NULL REFERENCES kategori_transaksi (id_kategori),
  id_donasi       BIGINT UNSIGNED NULL REFERENCES donasi (id_donasi) ON DELETE SET NULL,
  jenis_transaksi ENUM('MASUK','KELUAR') NOT NULL,
  nominal         DECIMAL(15,2) NOT NULL,
  tanggal         DATE NOT NULL,
  keterangan      TEXT NULL,
  created_at      TIMESTAMP NULL,
  updated_at      TIMESTAMP NULL
) DEFAULT CHARSET = utf8mb4;

CREATE TABLE anak (
  id_anak        BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  nama           VARCHAR(100) NOT NULL,
  status_anak    VARCHAR(20) NOT NULL,
  tanggal_masuk  DATE NULL,
  tanggal_keluar DATE NULL,
  created_at     TIMESTAMP NULL,
  updated_at     TIMESTAMP NULL
) DEFAULT CHARSET = utf8mb4;

CREATE TABLE donatur_whatsapp (
  id              BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  id_donatur      BIGINT UNSIGNED NOT NULL REFERENCES donatur (id_donatur) ON DELETE CASCADE,
  whatsapp_number VARCHAR(20) NOT NULL UNIQUE,
  is_verified     TINYINT(1) NOT NULL DEFAULT 0,
  verified_at     TIMESTAMP NULL,
  created_at      TIMESTAMP NULL,
  updated_at      TIMESTAMP NULL
) DEFAULT CHARSET = utf8mb4;
